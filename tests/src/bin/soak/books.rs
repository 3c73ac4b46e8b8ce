//! What the clients were told, against what the service did.

use super::{Failure, Plan};
use serde_json::Value;
use std::collections::BTreeMap;

/// What a client knows of one of its writes.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Told {
    /// Nothing: its process was killed.
    Begun,
    Done,
    Unsent,
    /// It may have had its effect.
    Unknown,
}

#[derive(Debug, Default)]
pub(crate) struct Books {
    writes: BTreeMap<u64, Told>,
    failures: BTreeMap<String, u64>,
    memory: Vec<(u64, u64, u64)>,
    pub(crate) sign_ins: u64,
    pub(crate) kills: u64,
    pub(crate) expiries: u64,
    pub(crate) outages: u64,
    pub(crate) complaints: Vec<String>,
}

/// A process may grow by this many kilobytes between a quarter of its work and its end: what allocators and pools keep.
const GROWTH: u64 = 8 * 1024;

impl Books {
    /// Enters a line of a worker.
    pub(crate) fn hear(&mut self, line: &str) -> Result<(), Failure> {
        let (word, what) = line.split_once(' ').ok_or_else(|| format!("a worker said `{line}`"))?;
        let told = match word {
            "begun" => Told::Begun,
            "done" => Told::Done,
            "unsent" => Told::Unsent,
            "unknown" => Told::Unknown,
            "failed" => {
                *self.failures.entry(what.to_owned()).or_default() += 1;
                return Ok(());
            }
            "memory" => {
                let memory: Value = serde_json::from_str(what)?;
                let number = |name: &str| memory[name].as_u64().unwrap_or_default();
                self.memory.push((number("early"), number("late"), number("calls")));
                return Ok(());
            }
            _ => return Err(format!("a worker said `{line}`").into()),
        };
        self.writes.insert(what.parse()?, told);
        Ok(())
    }

    /// Compares both sides, prints what there is, and answers whether it adds up.
    pub(crate) fn balance(&self, served: &Value, plan: &Plan) -> bool {
        let number = |value: &Value| value.as_u64().unwrap_or_default();
        let effects: BTreeMap<u64, u64> = served["writes"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(id, times)| Some((id.parse().ok()?, times.as_u64()?)))
            .collect();
        let of = |told: Told| self.writes.values().filter(|one| **one == told).count() as u64;
        let wrong = |told: Told, right: fn(u64) -> bool| {
            let effect = |id: &u64| effects.get(id).copied().unwrap_or_default();
            self.writes.iter().filter(|(id, one)| **one == told && !right(effect(id))).count() as u64
        };
        let strangers = effects.keys().filter(|id| !self.writes.contains_key(id)).count() as u64;
        let faults = |which: &str| -> u64 {
            served[which].as_object().into_iter().flatten().map(|(_, count)| number(count)).sum()
        };
        let own: u64 = ["failed before the effect", "failed after the effect", "throttled"]
            .iter()
            .map(|name| number(&served["counts"][*name]))
            .sum();
        let (requests, spoilt) = (number(&served["api requests"]), faults("api faults"));
        let sold = number(&served["sold"]);
        let lost = number(&served["lost"]);
        // Processes that did little have nothing to compare.
        let grown = self.memory.iter().filter(|(early, _, calls)| *early > 0 && *calls >= 1000);
        let grown = grown.map(|(early, late, _)| late.saturating_sub(*early)).max().unwrap_or_default();

        println!(
            "{:>12}  calls of {} processes with {} clients each, seed {}",
            plan.calls, plan.processes, plan.clients, plan.seed
        );
        println!(
            "{requests:>12}  requests for them, {spoilt} on spoilt connections and {own} failed or throttled by the service ({:.1} %)",
            100.0 * (spoilt + own) as f64 / requests.max(1) as f64
        );
        for (name, count) in served["api faults"].as_object().into_iter().flatten() {
            println!("{:>12}    {name}", number(count));
        }
        for (kind, count) in &self.failures {
            println!("{count:>12}  calls failed for good: {kind}");
        }
        println!("{:>12}  processes killed, {} times signed in again", self.kills, self.sign_ins);
        println!("{:>12}  times nobody listened where the service is", self.outages);
        println!(
            "{:>12}  times tokens expired, {} faults on the way of refreshes",
            self.expiries,
            faults("oauth faults")
        );
        println!("{:>12}  KiB more at the end of a process than at a quarter of its calls, at most", grown);
        println!();
        let mut balanced = true;
        let mut line = |holds: bool, what: String| {
            balanced &= holds;
            println!("{:>12}  {what}", if holds { "ok" } else { "WRONG" });
        };
        line(
            wrong(Told::Done, |times| times == 1) == 0,
            format!("{} writes were told done, and were done once", of(Told::Done)),
        );
        line(
            wrong(Told::Unsent, |times| times == 0) == 0,
            format!("{} writes were told unsent, and were not done", of(Told::Unsent)),
        );
        line(
            wrong(Told::Unknown, |times| times <= 1) == 0,
            format!("{} writes were told unknown, and were done once or not at all", of(Told::Unknown)),
        );
        line(
            wrong(Told::Begun, |times| times <= 1) == 0,
            format!("{} writes of killed processes were done once or not at all", of(Told::Begun)),
        );
        line(strangers == 0, "nothing was done that nobody wanted".to_owned());
        line(
            sold + number(&served["met by nobody"]) == self.expiries,
            format!(
                "{sold} refreshes for {} expiries, the last of which may come too late to be met",
                self.expiries
            ),
        );
        line(
            number(&served["spent twice"]) == 0,
            "no token was spent again by whoever had the new ones".to_owned(),
        );
        line(
            self.sign_ins == lost,
            format!(
                "{lost} times new tokens were lost on their way or with their process, and {} times somebody had to sign in",
                self.sign_ins
            ),
        );
        line(
            number(&served["counts"]["calls that nobody should make"]) == 0,
            "every call was one that the service knows".to_owned(),
        );
        line(grown <= GROWTH, "memory is flat".to_owned());
        line(self.complaints.is_empty(), format!("no process panicked or gave up {}", self.complaints.join("\n")));
        balanced
    }
}
