//! The error codes that ServiceStage documents. [`Error::code`](crate::Error::code) has them; there are others.
//!
//! Huawei's list is known in part. English documentation replaces every message by "Bad Request".

/// 400: a parameter is not valid.
pub const PARAMETER_INVALID: &str = "SVCSTG.00100400";
/// 401, and yet "not found", in v3: [`Error::is_not_found`](crate::Error::is_not_found) says so.
pub const NOT_FOUND: &str = "SVCSTG.00100401";
/// 400: the component is deployed; uninstall it first.
pub const COMPONENT_DEPLOYED: &str = "SVCSTG.00100402";
/// 404: there is no such application.
pub const APPLICATION_NOT_FOUND: &str = "SVCSTG.00100403";
/// 400: the id of the job is missing.
pub const JOB_ID_MISSING: &str = "SVCSTG.00100414";
/// 400: an instance knows no such action.
pub const ACTION_UNDEFINED: &str = "SVCSTG.00100418";
/// 400: the runtime is not supported.
pub const RUNTIME_UNSUPPORTED: &str = "SVCSTG.00100420";
/// 400: the base resources are missing.
pub const BASE_RESOURCE_MISSING: &str = "SVCSTG.00100422";
/// 400: the artifacts of the instance are missing.
pub const ARTIFACTS_MISSING: &str = "SVCSTG.00100425";
/// 400: an environment of this name exists.
pub const ENVIRONMENT_NAME_TAKEN: &str = "SVCSTG.00100449";
/// An application of this name exists. The status is not documented.
pub const APPLICATION_NAME_TAKEN: &str = "SVCSTG.00100458";

/// 400: a parameter of a repository operation is not valid.
pub const REPO_PARAMETER_INVALID: &str = "SVCSTG.REPO.0400";
/// 400: the Git host cannot do this. Not an authentication error, whatever its number looks like.
pub const REPO_NOT_IMPLEMENTED: &str = "SVCSTG.REPO.0401";
/// 400: the code or the state of an OAuth authorization is not valid.
pub const REPO_CODE_OR_STATE_INVALID: &str = "SVCSTG.REPO.0402";
/// 400: there is one already.
pub const REPO_EXISTS: &str = "SVCSTG.REPO.0403";
/// 400: there is no authorization of the name in `X-Repo-Auth`.
pub const REPO_NOT_AUTHORIZED: &str = "SVCSTG.REPO.0450";
/// 400: the authorization is no longer good; authorize anew.
pub const REPO_AUTHORIZATION_INVALID: &str = "SVCSTG.REPO.0451";
/// 400: the clone address is not valid.
pub const REPO_CLONE_URL_INVALID: &str = "SVCSTG.REPO.0452";
