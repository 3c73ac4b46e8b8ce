//! What an action takes in one of two members: whoever says one of them has said enough.

/// A repository, by its number or by its path `team/project/depot`.
///
/// ```
/// use yunkit_coding_open::Depot;
///
/// let by_path = Depot::from("team/project/depot");
/// let by_id = Depot::from(10_000_000);
/// assert_ne!(by_path, by_id);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Depot(Named<i64>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Named<T> {
    First(T),
    Second(String),
    /// For records that are filled later.
    Nothing,
}

impl<T> Named<T> {
    fn split(self) -> (Option<T>, Option<String>) {
        match self {
            Self::First(first) => (Some(first), None),
            Self::Second(second) => (None, Some(second)),
            Self::Nothing => (None, None),
        }
    }
}

impl Depot {
    #[allow(dead_code)] // only the catalogue has requests that say nothing
    pub(crate) const NONE: Self = Self(Named::Nothing);

    #[allow(dead_code)] // some modules have no repository to name
    pub(crate) fn split(self) -> (Option<i64>, Option<String>) {
        self.0.split()
    }
}

impl From<i64> for Depot {
    fn from(id: i64) -> Self {
        Self(Named::First(id))
    }
}

impl From<&str> for Depot {
    fn from(path: &str) -> Self {
        Self(Named::Second(path.to_owned()))
    }
}

impl From<String> for Depot {
    fn from(path: String) -> Self {
        Self(Named::Second(path))
    }
}

impl From<&String> for Depot {
    fn from(path: &String) -> Self {
        Self(Named::Second(path.clone()))
    }
}

/// The rules for repositories: those of one repository, or those of a name.
///
/// ```
/// use yunkit_coding_open::Spec;
///
/// let of_a_depot = Spec::of("team/project/depot");
/// let by_name = Spec::named("default");
/// assert_ne!(of_a_depot, by_name);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Spec(Named<String>);

impl Spec {
    #[allow(dead_code)] // only the catalogue has requests that say nothing
    pub(crate) const NONE: Self = Self(Named::Nothing);

    /// Those that the repository with the path `team/project/depot` is under.
    pub fn of(depot_path: impl Into<String>) -> Self {
        Self(Named::First(depot_path.into()))
    }

    /// Those of a name.
    pub fn named(name: impl Into<String>) -> Self {
        Self(Named::Second(name.into()))
    }

    #[allow(dead_code)] // the module `repositories` has the one action that takes it
    pub(crate) fn split(self) -> (Option<String>, Option<String>) {
        self.0.split()
    }
}
