//! Regions, and where the services are in them.

use crate::environment::Environment;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use yunkit_core::Error;
use yunkit_core::rest::Base;

/// A region, such as `cn-north-4`. Huawei opens new ones, so any text is one.
///
/// ```
/// use yunkit_huawei::Region;
///
/// assert_eq!(Region::CN_NORTH_4, Region::new("cn-north-4"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Region(Cow<'static, str>);

impl Region {
    /// North China, Beijing: where OrgID and most documentation are at home.
    pub const CN_NORTH_4: Self = Self(Cow::Borrowed("cn-north-4"));
    /// What belongs to no region is signed for this one, where keys are derived.
    pub const GLOBE: Self = Self(Cow::Borrowed("globe"));

    /// The regions that ServiceStage is known to be in (SDK 3.1.219; an edition of the documentation knows ae-ad-1, too).
    pub const SERVICESTAGE: &[&str] = &[
        "af-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "cn-east-2",
        "cn-east-3",
        "cn-east-4",
        "cn-north-1",
        "cn-north-12",
        "cn-north-4",
        "cn-north-9",
        "cn-south-1",
        "cn-south-4",
        "cn-southwest-2",
        "la-north-2",
        "la-south-2",
        "me-east-1",
        "my-kualalumpur-1",
        "ru-moscow-1",
        "sa-brazil-1",
        "tr-west-1",
    ];
    /// The regions that IAM has endpoints in; elsewhere the global one answers.
    pub const IAM: &[&str] = &[
        "ae-ad-1",
        "af-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "cn-east-2",
        "cn-east-3",
        "cn-east-4",
        "cn-east-5",
        "cn-north-1",
        "cn-north-12",
        "cn-north-2",
        "cn-north-4",
        "cn-north-9",
        "cn-south-1",
        "cn-south-2",
        "cn-southwest-2",
        "eu-west-0",
        "la-north-2",
        "la-south-2",
        "me-east-1",
        "my-kualalumpur-1",
        "na-mexico-1",
        "ru-moscow-1",
        "sa-brazil-1",
        "tr-west-1",
    ];
    /// The regions that STS has endpoints in; elsewhere that of cn-north-4 answers.
    pub const STS: &[&str] = &[
        "af-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "ap-southeast-3",
        "ap-southeast-4",
        "cn-east-3",
        "cn-north-4",
        "cn-south-1",
        "cn-southwest-2",
        "la-south-2",
        "sa-brazil-1",
        "tr-west-1",
    ];

    /// The region of that id.
    pub fn new(id: impl Into<Cow<'static, str>>) -> Self {
        Self(id.into())
    }

    /// Its id.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where services are, when it is not where they usually are.
///
/// What the code says wins, then the environment (`HUAWEICLOUD_SDK_REGION_SERVICESTAGE_CN_NORTH_4`, for IAM and STS also
/// `HUAWEICLOUD_SDK_IAM_ENDPOINT` and `…_STS_ENDPOINT`), then `regions.yaml`. Of several endpoints the first is used; there is no
/// failover to the others.
#[derive(Debug, Clone, Default)]
pub struct Endpoints {
    by_service: BTreeMap<String, String>,
}

impl Endpoints {
    /// Nothing out of the ordinary.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reaches a service (`servicestage`, `iam`, `sts`) at an address.
    #[must_use]
    pub fn with(mut self, service: &str, address: impl Into<String>) -> Self {
        self.by_service.insert(service.to_lowercase(), address.into());
        self
    }

    /// The address of a service in a region.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Input`](yunkit_core::ErrorKind::Input) when what was configured is no address, or `regions.yaml` cannot be read.
    pub fn of(&self, service: &str, region: &Region, environment: &Environment) -> Result<Base, Error> {
        if let Some(address) = self.by_service.get(service) {
            return Base::parse(&with_scheme(address));
        }
        let variable = |name: String| environment.var(&name);
        let upper = |text: &str| text.to_uppercase().replace('-', "_");
        let own = match service {
            "iam" | "sts" => variable(format!("HUAWEICLOUD_SDK_{}_ENDPOINT", upper(service))),
            _ => None,
        };
        let told = own
            .or_else(|| variable(format!("HUAWEICLOUD_SDK_REGION_{}_{}", upper(service), upper(region.as_str()))));
        if let Some(address) =
            told.as_deref().and_then(|told| told.split(',').map(str::trim).find(|a| !a.is_empty()))
        {
            return Base::parse(&with_scheme(address));
        }
        #[cfg(feature = "regions-file")]
        if let Some(address) = regions_file::endpoint(environment, service, region)? {
            return Base::parse(&with_scheme(&address));
        }
        let id = region.as_str();
        Base::parse(&match service {
            "iam" if !Region::IAM.contains(&id) => "https://iam.myhuaweicloud.com".to_owned(),
            "sts" if !Region::STS.contains(&id) => "https://sts.cn-north-4.myhuaweicloud.com".to_owned(),
            _ => format!("https://{service}.{id}.myhuaweicloud.com"),
        })
    }
}

/// Endpoints are also written as bare hosts.
fn with_scheme(address: &str) -> String {
    if address.contains("://") { address.to_owned() } else { format!("https://{address}") }
}

#[cfg(feature = "regions-file")]
mod regions_file {
    use super::{Environment, Error, Region};
    use yaml_rust2::parser::{Event, Parser};
    use yaml_rust2::{Yaml, YamlLoader};

    /// The endpoint that `regions.yaml` has for a service in a region. No such file is no mistake, unless a variable names one.
    pub(super) fn endpoint(
        environment: &Environment,
        service: &str,
        region: &Region,
    ) -> Result<Option<String>, Error> {
        const NAME: &str = "regions.yaml";
        let named = environment.var("HUAWEICLOUD_SDK_REGIONS_FILE");
        let Some(path) = named.clone().map(Into::into).or_else(|| environment.home_file(NAME)) else {
            return Ok(None);
        };
        let text = match environment.read(&path) {
            Ok(text) => text,
            Err(_) if named.is_none() => return Ok(None),
            Err(error) => return Err(Error::input(NAME, format!("{}: {error}", path.display()))),
        };
        let wrong = |what: String| Error::input(NAME, format!("{}: {what}", path.display()));
        // Aliases of aliases make a gigabyte of a few lines, and a list of addresses needs none.
        let mut events = Parser::new_from_str(&text);
        while let Ok((event, _)) = events.next_token() {
            match event {
                Event::Alias(_) => {
                    return Err(wrong("it has an alias (`*name`), which is not read here".to_owned()));
                }
                Event::StreamEnd => break,
                _ => {}
            }
        }
        let documents = YamlLoader::load_from_str(&text).map_err(|error| wrong(error.to_string()))?;
        let Some(Yaml::Hash(services)) = documents.first() else {
            return Err(wrong("expected services with lists of regions".to_owned()));
        };
        let of_service =
            services.iter().find(|(name, _)| name.as_str().is_some_and(|name| name.eq_ignore_ascii_case(service)));
        let regions = of_service.and_then(|(_, regions)| regions.as_vec()).into_iter().flatten();
        let here = regions.into_iter().find(|entry| entry["id"].as_str() == Some(region.as_str()));
        let address = here.and_then(|entry| {
            let one = entry["endpoint"].as_str();
            one.or_else(|| entry["endpoints"].as_vec()?.first()?.as_str())
        });
        Ok(address.map(str::to_owned))
    }
}

#[cfg(test)]
mod tests {
    use super::{Endpoints, Region};
    use crate::environment::Environment;

    fn address(endpoints: &Endpoints, environment: &Environment, service: &str, region: &'static str) -> String {
        endpoints.of(service, &Region::new(region), environment).unwrap().url().to_string()
    }

    #[test]
    fn services_are_where_their_tables_say_and_otherwise_at_the_fallback() {
        let none = Environment::of([]);
        let rows = [
            ("servicestage", "cn-north-4", "https://servicestage.cn-north-4.myhuaweicloud.com/"),
            ("iam", "cn-north-4", "https://iam.cn-north-4.myhuaweicloud.com/"),
            ("iam", "xx-new-9", "https://iam.myhuaweicloud.com/"),
            ("sts", "eu-west-0", "https://sts.cn-north-4.myhuaweicloud.com/"),
        ];

        for (service, region, expected) in rows {
            assert_eq!(address(&Endpoints::new(), &none, service, region), expected);
        }
    }

    #[test]
    fn code_wins_over_the_environment_and_the_environment_over_the_file() {
        let file = "SERVICESTAGE:\n- id: cn-north-4\n  endpoints: [https://file.example.com, https://second.example.com]\n- id: x-y-1\n  endpoint: x.example.com\n";
        let with_file =
            Environment::of([]).with_file("/home/u/.huaweicloud/regions.yaml", file).with_home("/home/u");
        let variable =
            ("HUAWEICLOUD_SDK_REGION_SERVICESTAGE_CN_NORTH_4", " https://env.example.com , https://b.example.com");
        let with_both =
            Environment::of([variable]).with_file("/home/u/.huaweicloud/regions.yaml", file).with_home("/home/u");
        let code = Endpoints::new().with("ServiceStage", "https://code.example.com");

        assert_eq!(
            address(&Endpoints::new(), &with_file, "servicestage", "cn-north-4"),
            "https://file.example.com/"
        );
        assert_eq!(address(&Endpoints::new(), &with_file, "servicestage", "x-y-1"), "https://x.example.com/");
        assert_eq!(
            address(&Endpoints::new(), &with_both, "servicestage", "cn-north-4"),
            "https://env.example.com/"
        );
        assert_eq!(address(&code, &with_both, "servicestage", "cn-north-4"), "https://code.example.com/");
        let missing = Environment::of([("HUAWEICLOUD_SDK_REGIONS_FILE", "/no/such")]);
        assert!(Endpoints::new().of("servicestage", &Region::CN_NORTH_4, &missing).is_err());
    }
}
