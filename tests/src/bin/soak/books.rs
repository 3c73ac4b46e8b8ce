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

    /// Prints what happened.
    pub(crate) fn tell(&self, served: &Value, plan: &Plan) {
        let line = |count: u64, what: &str| println!("{count:>12}  {what}");
        let requests = number(&served["api requests"]);
        let own = ["failed before the effect", "failed after the effect", "throttled"];
        let own: u64 = own.iter().map(|name| number(&served["counts"][*name])).sum();
        let spoilt = sum(&served["api faults"]);
        let part = 100.0 * (spoilt + own) as f64 / requests.max(1) as f64;
        let Plan { processes, clients, seed, .. } = plan;
        line(plan.calls, &format!("calls of {processes} processes with {clients} clients each, seed {seed}"));
        line(
            requests,
            &format!(
                "requests for them, {spoilt} spoilt and {own} failed or throttled by the service ({part:.1} %)"
            ),
        );
        for (name, count) in served["api faults"].as_object().into_iter().flatten() {
            line(number(count), &format!("  {name}"));
        }
        for (kind, count) in &self.failures {
            line(*count, &format!("calls failed for good: {kind}"));
        }
        line(self.kills, &format!("processes killed, {} times signed in again", self.sign_ins));
        line(self.outages, "times nobody listened where the service is");
        let faults = sum(&served["oauth faults"]);
        line(self.expiries, &format!("times tokens expired, {faults} faults on the way of refreshes"));
        println!();
    }

    /// Compares both sides, and answers whether all adds up.
    pub(crate) fn balance(&self, served: &Value) -> bool {
        let effects: BTreeMap<u64, u64> = served["writes"]
            .as_object()
            .into_iter()
            .flatten()
            .filter_map(|(id, times)| Some((id.parse().ok()?, times.as_u64()?)))
            .collect();
        let mut balanced = true;
        let mut line = |holds: bool, what: String| {
            balanced &= holds;
            println!("{:>12}  {what}", if holds { "ok" } else { "WRONG" });
        };
        let promises = [
            (Told::Done, 1..=1, "were told done, and were done once"),
            (Told::Unsent, 0..=0, "were told unsent, and were not done"),
            (Told::Unknown, 0..=1, "were told unknown, and were done once or not at all"),
            (Told::Begun, 0..=1, "were of killed processes, and were done once or not at all"),
        ];
        for (told, times, what) in promises {
            let these: Vec<&u64> = self.writes.iter().filter(|(_, one)| **one == told).map(|(id, _)| id).collect();
            let kept = these.iter().all(|id| times.contains(effects.get(id).unwrap_or(&0)));
            line(kept, format!("{} writes {what}", these.len()));
        }
        let strangers = effects.keys().any(|id| !self.writes.contains_key(id));
        line(!strangers, "nothing was done that nobody wanted".to_owned());
        let (sold, met) = (number(&served["sold"]), self.expiries - number(&served["met by nobody"]));
        line(sold == met, format!("{sold} refreshes for {met} expiries that somebody met"));
        let twice = number(&served["spent twice"]);
        line(twice == 0, "no token was spent again by whoever had the new ones".to_owned());
        let (lost, again) = (number(&served["lost"]), self.sign_ins);
        line(
            again == lost,
            format!(
                "{lost} times new tokens were lost on their way or with their process, and {again} times somebody signed in"
            ),
        );
        let astray = number(&served["counts"]["calls that nobody should make"]);
        line(astray == 0, "every call was one that the service knows".to_owned());
        // Processes that did little have nothing to compare.
        let measured = self.memory.iter().filter(|(early, _, calls)| *early > 0 && *calls >= 1000);
        let grown = measured.map(|(early, late, _)| late.saturating_sub(*early)).max();
        let unknown = !self.memory.is_empty() && self.memory.iter().all(|(_, late, _)| *late == 0);
        line(
            grown.is_some_and(|grown| grown <= GROWTH) || unknown,
            match grown {
                _ if unknown => "this system does not say how much memory a process has".to_owned(),
                Some(grown) => format!("a process grew by {grown} KiB at most after a quarter of its calls"),
                None => "no process lived long enough to say whether it grows".to_owned(),
            },
        );
        line(self.complaints.is_empty(), format!("no process panicked or gave up {}", self.complaints.join("\n")));
        balanced
    }
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

fn sum(counts: &Value) -> u64 {
    counts.as_object().into_iter().flatten().map(|(_, count)| number(count)).sum()
}
