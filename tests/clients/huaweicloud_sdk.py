"""usage: huaweicloud_sdk.py ANSWERS   (reads the sandbox's line of JSON from standard input)

Drives the sandbox with Huawei's official SDK for Python: the fake's gateway computes its signatures itself, so they are right
or the calls fail. Then ANSWERS, a program of ours, makes the same calls, and what both understood must be the same. Exits with 1
at the first thing that is not.
"""
import json
import subprocess
import sys

from huaweicloudsdkcore.auth.credentials import BasicCredentials
from huaweicloudsdkcore.exceptions import exceptions
from huaweicloudsdkcore.utils.http_utils import sanitize_for_serialization
from huaweicloudsdkservicestage.v2 import (
    ApplicationCreate, CreateApplicationRequest, CreateOAuthRequest, CreatePersonalAuthRequest, AccessToken,
    ListApplicationsRequest, ListAuthorizationsRequest, ListBranchesRequest, ListFlavorsRequest, ListNamespacesRequest,
    ListRuntimesRequest, ListTagsRequest, ListTemplatesRequest, OAuth, ServiceStageClient, ShowApplicationDetailRequest,
    ShowContentRequest, ShowRedirectUrlRequest,
)

line = sys.stdin.readline()
facts = json.loads(line)["servicestage"]
calls = 0


def client(secret=facts["sk"]):
    credentials = BasicCredentials(facts["ak"], secret, facts["project_id"])
    return ServiceStageClient.new_builder().with_credentials(credentials).with_endpoint(facts["endpoint"]).build()


def check(what, condition):
    global calls
    calls += 1
    if not condition:
        sys.exit(f"huaweicloudsdkservicestage: {what}")


def bare(value):
    """What was understood, by the names on the wire; what is not there is left out, as we do."""
    if isinstance(value, dict):
        return {key: bare(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        return [bare(inner) for inner in value]
    return value


sdk = client()
created = sdk.create_personal_auth(CreatePersonalAuthRequest(repo_type="gitee", body=AccessToken(name="sdk", token="t")))
check("an authorization is created", created.authorization.name == "sdk")
url = sdk.show_redirect_url(ShowRedirectUrlRequest(repo_type="github")).url
check("there is an address to sign in at", url.startswith("https://"))
try:
    sdk.create_o_auth(CreateOAuthRequest(repo_type="github", body=OAuth(name="o", code="x", state="y")))
    check("a wrong state is refused", False)
except exceptions.ClientRequestException as error:
    check("a wrong state is refused with its code", error.error_code == "SVCSTG.REPO.0402")
application = sdk.create_application(CreateApplicationRequest(body=ApplicationCreate(name="from-python")))
check("an application is created", application.name == "from-python")
try:
    client("wrong").list_authorizations(ListAuthorizationsRequest())
    check("a wrong secret is refused", False)
except exceptions.ClientRequestException as error:
    check("a wrong secret is refused by the gateway", error.error_code == "APIGW.0301")

# The same calls by both; the members are those of the requests on the wire.
reads = [
    ("ListAuthorizations", {}, sdk.list_authorizations(ListAuthorizationsRequest())),
    ("ListNamespaces", {"X-Repo-Auth": "sdk"}, sdk.list_namespaces(ListNamespacesRequest(x_repo_auth="sdk"))),
    ("ListBranches", {"X-Repo-Auth": "sdk", "namespace": "ns", "project": "a:b"},
     sdk.list_branches(ListBranchesRequest(x_repo_auth="sdk", namespace="ns", project="a:b"))),
    ("ListTags", {"X-Repo-Auth": "sdk", "namespace": "ns", "project": "p"},
     sdk.list_tags(ListTagsRequest(x_repo_auth="sdk", namespace="ns", project="p"))),
    ("ShowContent", {"X-Repo-Auth": "sdk", "namespace": "ns", "project": "p", "path": "src/main é.rs", "ref": "a b"},
     sdk.show_content(ShowContentRequest(x_repo_auth="sdk", namespace="ns", project="p", path="src/main é.rs", ref="a b"))),
    ("ListFlavors", {}, sdk.list_flavors(ListFlavorsRequest())),
    ("ListRuntimes", {}, sdk.list_runtimes(ListRuntimesRequest())),
    ("ListTemplates", {}, sdk.list_templates(ListTemplatesRequest())),
    ("ListApplications", {"limit": 10, "offset": 0, "order_by": "create_time", "order": "desc"},
     sdk.list_applications(ListApplicationsRequest(limit=10, offset=0, order_by="create_time", order="desc"))),
    ("ShowApplicationDetail", {"application_id": application.id},
     sdk.show_application_detail(ShowApplicationDetailRequest(application_id=application.id))),
]
asked = json.dumps({"sandbox": json.loads(line), "calls": [[name, members] for name, members, _ in reads]})
ours = json.loads(subprocess.run([sys.argv[1]], input=asked, capture_output=True, text=True, check=True).stdout)
for (name, _, theirs), answer in zip(reads, ours):
    theirs = bare(sanitize_for_serialization(theirs))
    if theirs != bare(answer):
        print(f"theirs: {json.dumps(theirs, ensure_ascii=False)}\nours:   {json.dumps(answer, ensure_ascii=False)}")
    check(f"{name} is understood alike", theirs == bare(answer))
print(f"huaweicloudsdkservicestage from PyPI: {calls} expectations hold")
