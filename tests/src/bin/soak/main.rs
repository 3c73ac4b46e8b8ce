//! Many clients in many processes on one identity, through chaos: connections that break in every way, a service that fails and
//! throttles, tokens that expire, processes that are killed. At the end the books have to balance.
//!
//! `soak [--quick] [--calls N] [--processes N] [--clients N] [--kills N] [--expiries N] [--outages N] [--seed N]
//! [--store redis://…]` prints a table, and fails when something does not add up. The same seed makes the same choices; what the
//! processes make of them in which order is up to the machine.

mod books;
mod service;
mod worker;

use books::Books;
use serde_json::Value;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};
use yunkit_core::session::{Session, Tokens};
use yunkit_testkit::Random;
use yunkit_tests::crowd::{self, IDENTITY};

type Failure = Box<dyn Error>;

/// How much of everything.
#[derive(Debug, Clone)]
struct Plan {
    calls: u64,
    processes: usize,
    clients: usize,
    kills: u64,
    expiries: u64,
    outages: u64,
    seed: u64,
    store: Option<String>,
}

impl Plan {
    fn read(arguments: &[String]) -> Result<Self, Failure> {
        let mut plan = Self {
            calls: 1_000_000,
            processes: 8,
            clients: 16,
            kills: 60,
            expiries: 100,
            outages: 30,
            seed: 1,
            store: None,
        };
        let mut arguments = arguments.iter();
        while let Some(name) = arguments.next() {
            if name == "--quick" {
                plan = Self { calls: 20_000, processes: 4, kills: 6, expiries: 10, outages: 3, ..plan };
                continue;
            }
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--calls" => plan.calls = value.parse()?,
                "--processes" => plan.processes = value.parse()?,
                "--clients" => plan.clients = value.parse()?,
                "--kills" => plan.kills = value.parse()?,
                "--expiries" => plan.expiries = value.parse()?,
                "--outages" => plan.outages = value.parse()?,
                "--seed" => plan.seed = value.parse()?,
                "--store" => plan.store = Some(value.clone()),
                other => return Err(format!("there is no {other}").into()),
            }
        }
        Ok(plan)
    }
}

/// How many calls an outage lasts.
const OUTAGE: u64 = 500;
/// How often trouble is made, at most.
const TICK: Duration = Duration::from_millis(5);

/// The service, in a process of its own, so that it remembers what killed clients spent.
struct Service {
    child: Child,
    commands: ChildStdin,
    answers: BufReader<std::process::ChildStdout>,
    /// Where clients call and refresh, each through a proxy that spoils connections.
    api: String,
    oauth: String,
}

impl Service {
    fn start(seed: u64) -> Result<Self, Failure> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["service", &seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let commands = child.stdin.take().ok_or("no stdin")?;
        let answers = BufReader::new(child.stdout.take().ok_or("no stdout")?);
        let mut service = Self { child, commands, answers, api: String::new(), oauth: String::new() };
        let hello = service.ask("hello")?;
        let text = |name: &str| hello[name].as_str().unwrap_or_default().to_owned();
        (service.api, service.oauth) = (text("api"), text("oauth"));
        Ok(service)
    }

    fn ask(&mut self, command: &str) -> Result<Value, Failure> {
        writeln!(self.commands, "{command}")?;
        self.commands.flush()?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        Ok(serde_json::from_str(&line)?)
    }

    /// The tokens of a user who signs in.
    fn sign_in(&mut self) -> Result<Tokens, Failure> {
        let pair = self.ask("sign-in")?;
        let text = |name: &str| pair[name].as_str().unwrap_or_default().to_owned();
        let mut tokens = Tokens::new(text("access").into());
        tokens.refresh_token = Some(text("refresh").into());
        Ok(tokens)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What happens in the processes.
enum News {
    Said(String),
    /// It is gone, and so is everything it said.
    Gone(usize, String),
}

/// A process of clients.
struct Worker {
    child: Child,
    /// Calls that it has to make, and that it has told of.
    quota: u64,
    done: Arc<AtomicU64>,
    killed: bool,
    gone: bool,
}

/// What is known at once, however much else there is to read.
#[derive(Debug, Default)]
struct Now {
    done: AtomicU64,
    /// Somebody was told to sign in again.
    lost: AtomicBool,
}

/// The whole run.
struct Soak {
    plan: Plan,
    store: String,
    service: Service,
    workers: Vec<Worker>,
    news: (Sender<News>, Receiver<News>),
    now: Arc<Now>,
    books: Books,
    random: Random,
    runtime: tokio::runtime::Runtime,
    /// How many calls were done when the outage began that is on.
    down: Option<u64>,
}

impl Soak {
    fn run(mut self) -> Result<bool, Failure> {
        let tokens = self.service.sign_in()?;
        let store = crowd::store(&self.store)?;
        self.runtime.block_on(store.swap(IDENTITY, 0, &tokens))?;
        let share = self.plan.calls.div_ceil(self.plan.processes as u64);
        for _ in 0..self.plan.processes {
            self.hire(share)?;
        }
        while self.workers.iter().any(|worker| !worker.gone) {
            let until = Instant::now() + TICK;
            while let Ok(news) = self.news.1.recv_timeout(until.saturating_duration_since(Instant::now())) {
                match news {
                    News::Said(line) => self.books.hear(&line)?,
                    News::Gone(id, complaints) => self.bury(id, &complaints)?,
                }
            }
            self.meddle()?;
        }
        let served = self.service.ask("books")?;
        self.books.tell(&served, &self.plan);
        Ok(self.books.balance(&served))
    }

    /// Makes trouble as far as the calls have come.
    fn meddle(&mut self) -> Result<(), Failure> {
        let done = self.now.done.load(Ordering::Relaxed);
        let calls = self.plan.calls;
        let due = |count: u64, of: u64| count < of && done >= (count + 1) * calls / (of + 1);
        if self.now.lost.swap(false, Ordering::Relaxed) {
            self.sign_in_again()?;
        }
        if due(self.books.expiries, self.plan.expiries) {
            self.books.expiries += u64::from(self.service.ask("expire")?["expired"] == true);
        }
        match self.down {
            None if due(self.books.outages, self.plan.outages) => {
                self.service.ask("down")?;
                self.books.outages += 1;
                self.down = Some(done);
            }
            Some(since) if done > since + OUTAGE => {
                self.service.ask("up")?;
                self.down = None;
            }
            _ => {}
        }
        if due(self.books.kills, self.plan.kills) {
            self.books.kills += u64::from(self.kill()?);
        }
        Ok(())
    }

    fn hire(&mut self, quota: u64) -> Result<(), Failure> {
        let id = self.workers.len();
        let mut child = Command::new(std::env::current_exe()?)
            .arg("worker")
            .args([id.to_string(), quota.to_string(), self.plan.clients.to_string(), self.plan.seed.to_string()])
            .args([&self.service.api, &self.service.oauth, &self.store])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let out = child.stdout.take().ok_or("no stdout")?;
        let mut err = child.stderr.take().ok_or("no stderr")?;
        let done = Arc::new(AtomicU64::new(0));
        let (news, now, its) = (self.news.0.clone(), self.now.clone(), done.clone());
        std::thread::spawn(move || {
            let complaints = std::thread::spawn(move || {
                let mut text = String::new();
                let _ = err.read_to_string(&mut text);
                text
            });
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                match line.split_once(' ') {
                    Some(("calls", count)) => {
                        let count = count.parse().unwrap_or_default();
                        its.fetch_add(count, Ordering::Relaxed);
                        now.done.fetch_add(count, Ordering::Relaxed);
                    }
                    Some(("lost", _)) => now.lost.store(true, Ordering::Relaxed),
                    _ => drop(news.send(News::Said(line))),
                }
            }
            let _ = news.send(News::Gone(id, complaints.join().unwrap_or_default()));
        });
        self.workers.push(Worker { child, quota, done, killed: false, gone: false });
        Ok(())
    }

    /// Kills a process at random (SIGKILL); answers whether there was one.
    fn kill(&mut self) -> Result<bool, Failure> {
        let mut alive: Vec<&mut Worker> =
            self.workers.iter_mut().filter(|worker| !worker.gone && !worker.killed).collect();
        let index = self.random.below(alive.len() as u64) as usize;
        let Some(worker) = alive.get_mut(index) else { return Ok(false) };
        if worker.child.try_wait()?.is_some() {
            return Ok(false);
        }
        worker.killed = true;
        worker.child.kill()?;
        Ok(true)
    }

    /// Somebody was told to sign in again: does so, if that is still needed.
    fn sign_in_again(&mut self) -> Result<(), Failure> {
        let refresher = crowd::refresher("gitee", &self.service.oauth)?;
        let session = Session::new(IDENTITY, crowd::store(&self.store)?, refresher);
        let client = worker::client(&self.service.api, session.clone())?;
        let asked = self.runtime.block_on(client.send(yunkit_gitee::users::GetAuthenticated::new()));
        if asked.is_err_and(|error| error.is_reauthorization_required()) {
            let tokens = self.service.sign_in()?;
            self.runtime.block_on(session.begin(tokens))?;
            self.books.sign_ins += 1;
        }
        Ok(())
    }

    fn bury(&mut self, id: usize, complaints: &str) -> Result<(), Failure> {
        let worker = &mut self.workers[id];
        worker.gone = true;
        let status = worker.child.wait()?;
        let left = worker.quota.saturating_sub(worker.done.load(Ordering::Relaxed));
        let killed = worker.killed;
        if complaints.contains("panicked") || (!killed && !status.success()) {
            self.books.complaints.push(format!("process {id} ended with {status}: {complaints}"));
        } else if killed && left > 0 {
            self.hire(left)?;
        }
        Ok(())
    }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["service", seed] => return service::serve(seed.parse()?),
        ["worker", rest @ ..] => return worker::work(rest),
        _ => {}
    }
    let plan = Plan::read(&arguments)?;
    let folder = std::env::temp_dir().join(format!("yunkit-soak-{}", std::process::id()));
    let store = plan.store.clone().unwrap_or_else(|| folder.to_string_lossy().into_owned());
    let soak = Soak {
        service: Service::start(plan.seed)?,
        random: Random::new(plan.seed, "kills"),
        runtime: tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?,
        workers: Vec::new(),
        news: channel(),
        now: Arc::default(),
        down: None,
        books: Books::default(),
        store,
        plan,
    };
    let balanced = soak.run();
    let _ = std::fs::remove_dir_all(folder);
    match balanced? {
        true => Ok(()),
        false => Err("the books do not balance".into()),
    }
}
