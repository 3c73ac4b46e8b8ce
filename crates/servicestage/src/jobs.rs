//! Waiting for the jobs of v2: creating, upgrading and removing instances take minutes.
//!
//! ```no_run
//! use yunkit_servicestage::jobs::{wait_for_job, watch_job};
//! # async fn example(client: yunkit_servicestage::Client, job_id: &str) -> Result<(), yunkit_servicestage::Error> {
//!
//! let mut progress = watch_job(&client, job_id);
//! while let Some(job) = progress.next().await {
//!     println!("{}", job?);
//! }
//!
//! let job = wait_for_job(&client, job_id).await?;
//! assert!(job.succeeded(), "{job}");
//! # Ok(()) }
//! ```

use crate::types::{JobStatus, TaskStatus};
use crate::v2::{ShowJobDetail, V2JobInfo, V2TaskInfo};
use std::fmt;
use std::time::Duration;
use yunkit_core::{Client, Error, ErrorKind};

/// A job and its steps, as they are at one time.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Job {
    /// The job itself.
    pub info: V2JobInfo,
    /// Its steps, all of them, in their order.
    pub tasks: Vec<V2TaskInfo>,
}

impl Job {
    /// Whether it is over, one way or the other.
    pub fn is_over(&self) -> bool {
        let words = ["FAILED", "SUCCEEDED", "CANCELLED", "PARTIALLY_FAILED", "ROLLBACKED"];
        self.status().is_some_and(|status| words.contains(&status))
    }
    /// Whether it is over and all went well.
    pub fn succeeded(&self) -> bool {
        self.info.execution_status == Some(JobStatus::Succeeded)
    }
    fn status(&self) -> Option<&str> {
        self.info.execution_status.as_ref().map(JobStatus::as_str)
    }
    /// What decides whether there is news.
    fn state(&self) -> (Option<String>, Vec<Option<String>>) {
        let tasks =
            self.tasks.iter().map(|task| task.task_status.as_ref().map(|status| status.as_str().to_owned()));
        (self.status().map(str::to_owned), tasks.collect())
    }
}

/// One line for people: how far it is, and what a failed step said.
impl fmt::Display for Job {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let done =
            |task: &&V2TaskInfo| matches!(task.task_status, Some(TaskStatus::Succeeded | TaskStatus::Skipped));
        let name = self.info.job_name.as_deref().or(self.info.job_id.as_deref()).unwrap_or("job");
        let finished = self.tasks.iter().filter(done).count();
        write!(f, "{name}: {}, {finished} of {} steps", self.status().unwrap_or("unknown"), self.tasks.len())?;
        let failed = |task: &&V2TaskInfo| task.task_status == Some(TaskStatus::Failed);
        let running = |task: &&V2TaskInfo| task.task_status == Some(TaskStatus::Running);
        let task = self.tasks.iter().find(failed).or_else(|| self.tasks.iter().find(running));
        if let Some(task) = task {
            write!(f, "; {}", task.task_name.as_deref().unwrap_or("a step"))?;
            if let Some(said) = task.messages.as_deref().filter(|said| !said.is_empty()) {
                write!(f, ": {said}")?;
            }
        }
        Ok(())
    }
}

/// The news of a job, from [`watch_job`].
#[derive(Debug)]
pub struct JobProgress {
    client: Client,
    job_id: String,
    last: Option<Job>,
    wait: Duration,
    over: bool,
}

const FIRST_WAIT: Duration = Duration::from_secs(2);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// How many steps are asked for at once; the service sends 20 unless told.
const TASKS: i64 = 100;
/// A list of steps that is longer is taken for one that never ends.
const MOST_TASKS: i64 = 100 * TASKS;

/// Follows a job: the state it is in, then each change of it or of one of its steps, until it is over.
///
/// Asks after 2 seconds, then less often, up to every 15. There is no limit in time; drop it to stop. An answer without a state is
/// an error: nothing would ever end the wait.
pub fn watch_job(client: &Client, job_id: impl Into<String>) -> JobProgress {
    JobProgress { client: client.clone(), job_id: job_id.into(), last: None, wait: FIRST_WAIT, over: false }
}

/// Waits until a job is over. A job that failed is an answer, too: ask [`Job::succeeded`].
///
/// # Errors
///
/// As [`Client::send`].
pub async fn wait_for_job(client: &Client, job_id: impl Into<String>) -> Result<Job, Error> {
    let mut progress = watch_job(client, job_id);
    let mut last = Job::default();
    while let Some(job) = progress.next().await {
        last = job?;
    }
    Ok(last)
}

impl JobProgress {
    /// The next state that differs from the one before, or nothing when the job is over. After an error there is no next one.
    pub async fn next(&mut self) -> Option<Result<Job, Error>> {
        while !self.over {
            if self.last.is_some() {
                self.client.clock().sleep(self.wait).await;
                self.wait = (self.wait * 3 / 2).min(LONGEST_WAIT);
            }
            let job = match self.read().await {
                Ok(job) => job,
                Err(error) => {
                    self.over = true;
                    return Some(Err(error));
                }
            };
            self.over = job.is_over();
            if self.over || self.last.as_ref().is_none_or(|last| last.state() != job.state()) {
                self.last = Some(job.clone());
                return Some(Ok(job));
            }
        }
        None
    }

    async fn read(&self) -> Result<Job, Error> {
        let mut job = Job::default();
        loop {
            let offset = job.tasks.len() as i64;
            let page = self.client.send(ShowJobDetail::new(&self.job_id).limit(TASKS).offset(offset)).await?;
            let tasks = page.tasks.unwrap_or_default();
            let full = tasks.len() as i64 >= TASKS;
            job.info = page.job.unwrap_or_default();
            job.tasks.extend(tasks);
            let all = page.task_count.is_some_and(|count| job.tasks.len() as i64 >= count);
            if job.status().is_none() {
                let message = "the answer says nothing about the state of the job";
                return Err(Error::new(ErrorKind::Decode, "jobs").with_message(message));
            }
            if job.tasks.len() as i64 > MOST_TASKS {
                let message = format!("the job has more than {MOST_TASKS} steps, and their list may never end");
                return Err(Error::new(ErrorKind::Decode, "jobs").with_message(message));
            }
            if all || !full {
                job.tasks.sort_by_key(|task| task.task_index);
                return Ok(job);
            }
        }
    }
}
