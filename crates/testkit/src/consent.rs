//! The consent page of the fakes that sign users in.

use yunkit_core::Url;

/// What an application asks the user for.
pub(crate) struct Consent {
    pub(crate) scope: Option<String>,
    state: Option<String>,
    redirect_uri: &'static str,
}

impl Consent {
    /// Reads the address that was opened; says in words what is not right with it.
    pub(crate) fn asked(url: &Url, client_id: &str, redirect_uri: &'static str) -> Result<Self, String> {
        let get = |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, v)| v.into_owned());
        for (name, expected) in
            [("client_id", client_id), ("redirect_uri", redirect_uri), ("response_type", "code")]
        {
            match get(name) {
                Some(value) if value == expected => {}
                Some(_) => return Err(format!("the {name} is not the registered one")),
                None => return Err(format!("there is no {name}")),
            }
        }
        Ok(Self { scope: get("scope"), state: get("state"), redirect_uri })
    }

    /// The address that the browser is sent back to.
    pub(crate) fn back(self, brings: &[(&str, &str)]) -> Result<String, String> {
        let mut back = Url::parse(self.redirect_uri).map_err(|error| error.to_string())?;
        back.query_pairs_mut().extend_pairs(brings).extend_pairs(self.state.map(|state| ("state", state)));
        Ok(back.into())
    }
}
