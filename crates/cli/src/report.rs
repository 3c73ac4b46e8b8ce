//! How a tour looks: a line for the call, what came back, and how long it took.

use std::future::Future;
use std::io::{IsTerminal, Write};
use std::time::Instant;
use yunkit_core::{Error, Progress};

/// Prints steps; in colour on a terminal only.
pub(crate) struct Report {
    colour: bool,
    step: u32,
}

impl Report {
    pub(crate) fn new() -> Self {
        // https://no-color.org
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { colour: wanted && std::io::stdout().is_terminal(), step: 0 }
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn headline(&self, text: &str) {
        println!("{}\n", self.paint("1", text));
    }

    pub(crate) fn remark(&self, text: &str) {
        println!("   {}", self.paint("2", text));
    }

    /// A bar that grows with a transfer. Only a terminal shows it on the way; elsewhere it is drawn once, when it is full.
    pub(crate) fn bar(&self, what: &'static str) -> impl Fn(Progress) + Send + Sync + 'static {
        const WIDTH: u64 = 30;
        let live = std::io::stdout().is_terminal();
        move |progress| {
            let total = progress.total.unwrap_or(progress.done).max(1);
            let full = (progress.done * WIDTH / total).min(WIDTH) as usize;
            let complete = progress.done >= total;
            if !live && !complete {
                return;
            }
            let start = if live { "\r" } else { "" };
            let end = if complete { "\n" } else { "" };
            let (filled, empty) = ("=".repeat(full), " ".repeat(WIDTH as usize - full));
            print!("{start}   {what} [{filled}{empty}] {} of {total} bytes{end}", progress.done);
            // A bar that lags behind is of no use; whether it can be shown at all is not ours to settle.
            let _ = std::io::stdout().flush();
        }
    }

    /// Runs a call, and prints what `describe` makes of its answer.
    pub(crate) async fn step<T>(
        &mut self,
        call: &str,
        work: impl Future<Output = Result<T, Error>>,
        describe: impl FnOnce(&T) -> String,
    ) -> Result<T, Error> {
        let began = self.begin(call);
        let result = work.await;
        match &result {
            Ok(value) => self.end("32", &describe(value), began),
            Err(error) => self.end("31", &error.to_string(), began),
        }
        result
    }

    /// Runs a call that is to fail, and prints the error as a user sees it.
    pub(crate) async fn failing_step<T>(
        &mut self,
        call: &str,
        work: impl Future<Output = Result<T, Error>>,
        expected: impl FnOnce(&Error) -> bool,
    ) -> Result<(), Error> {
        let began = self.begin(call);
        match work.await {
            Ok(_) => {
                self.end("31", "succeeded, and should not have", began);
                Err(Error::input("tour", format!("{call} succeeded, and should not have")))
            }
            Err(error) => {
                self.end("33", &error.to_string(), began);
                if expected(&error) { Ok(()) } else { Err(error) }
            }
        }
    }

    fn begin(&mut self, call: &str) -> Instant {
        self.step += 1;
        println!("{:>2} {}", self.step, self.paint("36", call));
        // The line must be seen before the call, which may take its time.
        let _ = std::io::stdout().flush();
        Instant::now()
    }

    fn end(&self, code: &str, text: &str, began: Instant) {
        let took = format!("{:.1} ms", began.elapsed().as_secs_f64() * 1000.0);
        println!("   {} {}", self.paint(code, text), self.paint("2", &format!("({took})")));
    }
}
