"""usage: gitee_client_pypi.py   (reads the sandbox's line of JSON from standard input)

Drives the sandbox with gitee-client from PyPI, which was written by somebody else against the real service. Exits with 1
at the first thing that is not as that client expects it.
"""
import json
import sys

from gitee_client import GiteeClient
from gitee_client.error import GiteeAPIError

facts = json.loads(sys.stdin.readline())["gitee"]
client = GiteeClient(facts["token"], base_url=facts["api_base"])
calls = 0


def check(what, condition):
    global calls
    calls += 1
    if not condition:
        sys.exit(f"gitee-client: {what}")


def refused(what, status, call):
    try:
        call()
    except GiteeAPIError as error:
        check(what, error.status_code == status)
    else:
        sys.exit(f"gitee-client: {what}: it went through")


me = client.users.list_user()
check("the user has a login", me["login"] == "demo")
mine = client.repos.list_user_repos(per_page=30, page=1)
check("a page has the size that was asked for", len(mine) == 30)
check("the next page holds the rest", len(client.repos.list_user_repos(per_page=30, page=2)) == 15)
everything = list(client.repos.list_user_repos_all(per_page=20))
check("the client's own paging finds all", len(everything) == 45)
repository = client.repos.get_repos(owner="demo", repo="repository-1")
check("a repository is the one that was asked for", repository["full_name"] == "demo/repository-1")
issue = client.issues.create_repos_issues(owner="demo", repo="repository-1", title="From Python", body="Hello.")
check("an issue is created", issue["title"] == "From Python" and issue["state"] == "open")
again = client.issues.get_repos_issues(owner="demo", repo="repository-1", number=issue["number"])
check("and found again", again["body"] == "Hello.")
titles = [found["title"] for found in client.issues.list_repos_issues(owner="demo", repo="repository-1", state="open")]
check("and listed", "From Python" in titles)
branches = client.repos.list_repos_branches(owner="demo", repo="repository-1")
check("branches are a list", isinstance(branches, list))
made = client.repos.create_user_repos(name="From Python", private=True)
check("a repository is created", made["path"] == "from-python")
refused("a missing repository is a 404", 404, lambda: client.repos.get_repos(owner="demo", repo="no-such"))
stranger = GiteeClient("wrong", base_url=facts["api_base"])
refused("a wrong token is a 401", 401, stranger.users.list_user)
client.repos.delete_repos(owner="demo", repo="from-python")
refused("what was deleted is gone", 404, lambda: client.repos.get_repos(owner="demo", repo="from-python"))
print(f"gitee-client from PyPI: {calls} expectations hold")
