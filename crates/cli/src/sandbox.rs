//! The fakes as servers, for programs in any language.

use serde_json::{Value, json};
use std::io::Write;
use std::net::{Ipv4Addr, TcpListener};
use yunkit_core::Error;
use yunkit_testkit::Faults;
use yunkit_testkit::{coding, gitee, huawei};

/// What the command line says.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Options {
    port_base: Option<u16>,
    json: bool,
    /// The rules as they were written, comma after comma.
    faults: String,
}

impl Options {
    pub(crate) fn read(arguments: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        let mut rest = arguments.iter();
        while let Some(argument) = rest.next() {
            match *argument {
                "--json" => options.json = true,
                "--port-base" => {
                    let port = rest.next().ok_or("--port-base needs a number")?;
                    options.port_base = Some(port.parse().map_err(|_| format!("`{port}` is no port"))?);
                }
                "--faults" => {
                    let rules =
                        rest.next().ok_or("--faults needs rules, such as gitee/repos::Get=503@0.2,seed=7")?;
                    rules.parse::<Faults>()?;
                    options.faults += rules;
                    options.faults.push(',');
                }
                other => return Err(format!("sandbox does not know `{other}`")),
            }
        }
        Ok(options)
    }
}

/// Runs until Ctrl-C. Each surface takes the next port from the base on: Gitee, ServiceStage, IAM, OrgID, CODING.
///
/// Parameters that the services would overlook are overlooked: programs that work there must work here.
pub(crate) async fn run(options: Options) -> Result<(), Error> {
    let faults: Faults = options.faults.parse().map_err(|why| Error::input("sandbox", why))?;
    let mut gitee = gitee::Fake::builder().lenient(true).faults(faults.clone());
    let mut huawei = huawei::Fake::builder().lenient(true).faults(faults.clone());
    let mut coding = coding::Fake::builder().lenient(true).faults(faults);
    if let Some(base) = options.port_base {
        gitee = gitee.listener(listen(base, 0)?);
        huawei = huawei.listeners(listen(base, 1)?, listen(base, 2)?, listen(base, 3)?);
        coding = coding.listener(listen(base, 4)?);
    }
    let (gitee, huawei, coding) = (gitee.start().await, huawei.start().await, coding.start().await);
    let mut facts = json!({"gitee": gitee.as_json()});
    for more in [huawei.as_json(), coding.as_json()] {
        if let (Some(facts), Value::Object(more)) = (facts.as_object_mut(), more) {
            facts.extend(more);
        }
    }
    if options.json {
        println!("{facts}");
    } else {
        for (surface, entries) in facts.as_object().into_iter().flatten() {
            println!("{surface}");
            for (name, value) in entries.as_object().into_iter().flatten() {
                println!("  {name:<14} {}", value.as_str().unwrap_or_default());
            }
        }
        println!("Ctrl-C ends it.");
    }
    // Whoever waits for the line reads it through a pipe.
    let _ = std::io::stdout().flush();
    tokio::signal::ctrl_c()
        .await
        .map_err(|error| Error::input("sandbox", format!("Ctrl-C cannot be caught: {error}")))
}

fn listen(base: u16, number: u16) -> Result<TcpListener, Error> {
    let port = base.checked_add(number).ok_or_else(|| Error::input("sandbox", "--port-base is too high"))?;
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .map_err(|error| Error::input("sandbox", format!("port {port}: {error}")))
}

#[cfg(test)]
mod tests {
    use super::Options;

    #[test]
    fn options_are_read_and_mistakes_named() {
        let faults = Options { faults: "gitee/*=503,seed=7,gitee/*=html,".to_owned(), ..Options::default() };
        let rows: [(&[&str], Result<Options, &str>); 8] = [
            (&[], Ok(Options::default())),
            (
                &["--port-base", "4000", "--json"],
                Ok(Options { port_base: Some(4000), json: true, ..Options::default() }),
            ),
            (&["--port-base"], Err("--port-base needs a number")),
            (&["--port-base", "x"], Err("`x` is no port")),
            (&["--faults", "gitee/*=503,seed=7", "--faults", "gitee/*=html"], Ok(faults)),
            (&["--faults"], Err("--faults needs rules, such as gitee/repos::Get=503@0.2,seed=7")),
            (
                &["--faults", "gitee=503"],
                Err("`gitee` is not of the form surface/operation, such as gitee/repos::Get"),
            ),
            (&["--jsno"], Err("sandbox does not know `--jsno`")),
        ];

        for (arguments, expected) in rows {
            assert_eq!(Options::read(arguments), expected.map_err(str::to_owned), "{arguments:?}");
        }
    }
}
