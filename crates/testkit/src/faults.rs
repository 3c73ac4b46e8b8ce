//! Failures by chance, the same for the same seed.

use crate::sample::Random;
use std::str::FromStr;
use std::time::Duration;
use yunkit_core::operation::OperationInfo;

/// Which calls fail, how, and how often.
///
/// Written as `surface/operation=kind@rate`, several separated by commas, with `seed=N` anywhere:
///
/// ```
/// use yunkit_testkit::Faults;
///
/// let faults: Faults = "gitee/*=503@0.1,gitee/issues::*=delay:200ms@0.5,gitee/repos::Get=rate-limit@1,seed=7".parse()?;
/// # Ok::<(), String>(())
/// ```
///
/// - The operation is a name as in errors (`repos::Get`), all of a module (`repos::*`), all of the surface (`*`), or an
///   upstream id.
/// - The kind is an HTTP status of 400 or more, `rate-limit` (the service's own way to say it), `html` (a proxy's page with 502)
///   or `delay:250ms`, `delay:2s` before the usual answer.
/// - The rate is the share of calls it happens to, from 0 to 1; 1 when left out.
///
/// The first rule that strikes decides; a delay lets the following ones have their turn.
#[derive(Debug, Clone, Default)]
pub struct Faults {
    rules: Vec<Rule>,
}

#[derive(Debug, Clone)]
struct Rule {
    surface: String,
    operation: String,
    kind: Fault,
    rate: f64,
    random: Random,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    Status(u16),
    RateLimit,
    Html,
    Delay(Duration),
}

impl Faults {
    /// Whether there is nothing to happen.
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// What happens to this call: a delay, and a failure.
    pub(crate) fn strike(&mut self, surface: &str, info: &OperationInfo) -> (Duration, Option<Fault>) {
        let mut delay = Duration::ZERO;
        for rule in self.rules.iter_mut().filter(|rule| rule.surface == surface && rule.covers(info)) {
            if rule.random.happens(rule.rate) {
                match rule.kind {
                    Fault::Delay(more) => delay += more,
                    kind => return (delay, Some(kind)),
                }
            }
        }
        (delay, None)
    }
}

impl Rule {
    fn covers(&self, info: &OperationInfo) -> bool {
        match self.operation.strip_suffix('*') {
            Some(beginning) => info.name.starts_with(beginning),
            None => info.name == self.operation || info.id == self.operation,
        }
    }
}

impl FromStr for Faults {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut seed = 1;
        let mut rules = Vec::new();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let (place, what) = part.split_once('=').ok_or_else(|| format!("`{part}` has no `=`"))?;
            if place == "seed" {
                seed = what.parse().map_err(|_| format!("`{what}` is no seed: a whole number"))?;
                continue;
            }
            let (surface, operation) = place.split_once('/').ok_or_else(|| {
                format!("`{place}` is not of the form surface/operation, such as gitee/repos::Get")
            })?;
            let (kind, rate) = what.split_once('@').unwrap_or((what, "1"));
            let rate: f64 = rate
                .parse()
                .ok()
                .filter(|rate| (0.0..=1.0).contains(rate))
                .ok_or_else(|| format!("`{rate}` is no rate: a number from 0 to 1, such as 0.25"))?;
            rules.push((surface.to_owned(), operation.to_owned(), read_kind(kind)?, rate));
        }
        let rule = |(i, (surface, operation, kind, rate)): (usize, (String, String, Fault, f64))| Rule {
            random: Random::new(seed, &format!("fault {i} {surface}/{operation}")),
            surface,
            operation,
            kind,
            rate,
        };
        Ok(Self { rules: rules.into_iter().enumerate().map(rule).collect() })
    }
}

fn read_kind(kind: &str) -> Result<Fault, String> {
    let unknown = || {
        format!(
            "`{kind}` is no kind of fault: an HTTP status from 400 to 599, rate-limit, html, delay:250ms or delay:2s"
        )
    };
    match kind {
        "rate-limit" => return Ok(Fault::RateLimit),
        "html" => return Ok(Fault::Html),
        _ => {}
    }
    if let Some(time) = kind.strip_prefix("delay:") {
        let (number, unit) = match time.strip_suffix("ms") {
            Some(number) => (number, 1),
            None => (time.strip_suffix('s').ok_or_else(unknown)?, 1000),
        };
        let number: u64 = number.parse().map_err(|_| unknown())?;
        return Ok(Fault::Delay(Duration::from_millis(number.saturating_mul(unit))));
    }
    kind.parse().ok().filter(|status| (400..600).contains(status)).map(Fault::Status).ok_or_else(unknown)
}

#[cfg(test)]
mod tests {
    use super::{Fault, Faults};
    use std::time::Duration;
    use yunkit_core::operation::{Method, OperationInfo};

    static GET: OperationInfo = OperationInfo::rest("repos::Get", "getRepo", Method::Get, "/");
    static LIST: OperationInfo = OperationInfo::rest("issues::List", "listIssues", Method::Get, "/");

    fn faults(text: &str) -> Faults {
        text.parse().unwrap()
    }

    #[test]
    fn a_rule_covers_an_operation_a_module_or_all() {
        let rows = [
            ("gitee/*=500", true, true),
            ("gitee/repos::*=500", true, false),
            ("gitee/repos::Get=500", true, false),
            ("gitee/listIssues=500", false, true),
            ("coding/*=500", false, false),
        ];

        for (text, get, list) in rows {
            let struck = |info| faults(text).strike("gitee", info).1.is_some();
            assert_eq!((struck(&GET), struck(&LIST)), (get, list), "{text}");
        }
    }

    #[test]
    fn a_delay_adds_up_and_lets_the_next_rule_strike() {
        let mut faults = faults("gitee/*=delay:250ms, gitee/*=delay:2s, gitee/*=rate-limit, gitee/*=503");

        assert_eq!(faults.strike("gitee", &GET), (Duration::from_millis(2250), Some(Fault::RateLimit)));
    }

    #[test]
    fn the_rate_holds_over_many_calls_and_repeats_with_the_seed() {
        let run = |text: &str| -> Vec<bool> {
            let mut faults = faults(text);
            (0..1000).map(|_| faults.strike("gitee", &GET).1.is_some()).collect()
        };

        let some = run("gitee/*=503@0.25,seed=7");

        let struck = some.iter().filter(|struck| **struck).count();
        assert!((200..300).contains(&struck), "{struck}");
        assert_eq!(some, run("gitee/*=503@0.25,seed=7"));
        assert_ne!(some, run("gitee/*=503@0.25,seed=8"));
        assert!(run("gitee/*=503@0").iter().all(|struck| !struck));
    }

    #[test]
    fn mistakes_are_named() {
        let rows = [
            ("gitee", "`gitee` has no `=`"),
            ("repos::Get=503", "`repos::Get` is not of the form surface/operation, such as gitee/repos::Get"),
            ("gitee/*=503@2", "`2` is no rate: a number from 0 to 1, such as 0.25"),
            ("gitee/*=503,seed=x", "`x` is no seed: a whole number"),
        ];

        for (text, said) in rows {
            assert_eq!(text.parse::<Faults>().unwrap_err(), said);
        }
        for kind in ["200", "slow", "delay:", "delay:5", "delay:-1s"] {
            let error = format!("gitee/*={kind}").parse::<Faults>().unwrap_err();
            assert!(error.starts_with(&format!("`{kind}` is no kind of fault")), "{error}");
        }
    }
}
