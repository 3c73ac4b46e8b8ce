//! A Redis of the test's own, on a free port.

#![allow(dead_code)] // not every test needs all of it

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

pub(crate) struct Server {
    child: Child,
    port: u16,
    folder: tempfile::TempDir,
}

impl Server {
    /// Nothing where there is no `redis-server`; says so.
    pub(crate) fn start() -> Option<Self> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = tempfile::tempdir().unwrap();
        let child = match spawn(port, &folder) {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                println!("SKIPPED: there is no redis-server on this machine");
                return None;
            }
            Err(error) => panic!("redis-server does not start: {error}"),
        };
        let server = Self { child, port, folder };
        server.await_ready();
        Some(server)
    }

    pub(crate) fn address(&self) -> String {
        format!("redis://127.0.0.1:{}/", self.port)
    }

    /// Stops the server as a loss of power would, and starts it again with what it has written.
    pub(crate) fn crash_and_restart(&mut self) {
        self.crash();
        self.child = spawn(self.port, &self.folder).unwrap();
        self.await_ready();
    }

    pub(crate) fn crash(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    fn await_ready(&self) {
        let client = redis::Client::open(self.address()).unwrap();
        for _ in 0..2000 {
            if client.get_connection().is_ok_and(|mut it| redis::cmd("PING").query::<String>(&mut it).is_ok()) {
                return;
            }
            std::thread::yield_now();
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        panic!("redis-server does not answer");
    }

    /// One command, by a connection that is not the store's.
    pub(crate) fn ask<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        let mut connection = redis::Client::open(self.address()).unwrap().get_connection().unwrap();
        let mut command = redis::cmd(words[0]);
        for word in &words[1..] {
            command.arg(*word);
        }
        command.query(&mut connection).unwrap()
    }
}

fn spawn(port: u16, folder: &tempfile::TempDir) -> std::io::Result<Child> {
    Command::new("redis-server")
        .args([
            "--port",
            &port.to_string(),
            "--bind",
            "127.0.0.1",
            "--appendonly",
            "yes",
            "--appendfsync",
            "always",
        ])
        .arg("--dir")
        .arg(folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
