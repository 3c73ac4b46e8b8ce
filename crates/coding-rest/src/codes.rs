//! The codes by which the legacy API refuses.

use yunkit_core::Error;

yunkit_core::open_enum! {
    /// Why the legacy API refused. The list is what clients of several years knew; there are others.
    ///
    /// ```no_run
    /// # use yunkit_coding_rest::{Client, Code, projects};
    /// # async fn example(client: Client) -> Result<(), yunkit_coding_rest::Error> {
    /// match client.send(projects::Get::new("anywhere", "demo")).await {
    ///     Err(error) if Code::of(&error) == Some(Code::ProjectNotFound) => println!("no such project"),
    ///     other => println!("{:?}", other?.display_name),
    /// }
    /// # Ok(()) }
    /// ```
    pub enum Code {
        /// Something is wrong with what was sent: a wrong password, a missing parameter.
        Refused = "1",
        /// A captcha is wanted.
        CaptchaNeeded = "903",
        /// The service could not reach a part of itself.
        NetworkFailed = "905",
        /// A captcha is missing.
        CaptchaMissing = "999",
        /// Nobody is logged in: the token is missing or wrong.
        UserNotLoggedIn = "1000",
        /// There is no such account.
        AccountNotFound = "1001",
        /// The account is locked.
        AccountLocked = "1009",
        /// The login has expired: so has the token.
        LoginExpired = "1029",
        /// There is no such project, or not for this user.
        ProjectNotFound = "1100",
        /// A project of this name exists.
        ProjectNameTaken = "1161",
        /// The commit named as the last one is not the head any more; read it anew.
        NotTheHead = "1216",
        /// The file exists.
        FileExists = "1217",
        /// The branch or tag exists.
        RefExists = "1222",
        /// This user may not do this; also what a call without a token gets.
        PermissionDenied = "1400",
        /// The code of the second factor is wrong.
        TwoFactorFailed = "1402",
        /// There is no such team.
        TeamNotFound = "3007",
        /// The token lacks a scope.
        ScopeMissing = "3015",
        /// The code of a second factor is wanted.
        TwoFactorCodeNeeded = "3205",
        /// The team wants a second factor, and this account has none.
        TwoFactorRequired = "3209",
    }
}

impl Code {
    /// The code of an error, if the service sent one.
    pub fn of(error: &Error) -> Option<Self> {
        error.code().map(Self::from)
    }
}
