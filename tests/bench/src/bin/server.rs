//! `server`: answers the measured calls on loopback. The first line it prints is its address; it ends with its input.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;
use yunkit_bench::{REPOSITORIES, REPOSITORY};

fn main() -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut out = io::stdout();
    writeln!(out, "http://{}", listener.local_addr()?)?;
    out.flush()?;
    let answers = Arc::new(Answers::new());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answers = Arc::clone(&answers);
            // A connection that breaks is its client's affair.
            thread::spawn(move || serve(&stream, &answers));
        }
    });
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Whole answers, head included, so that each is one write.
struct Answers {
    small: Vec<u8>,
    list: Vec<u8>,
    unknown: Vec<u8>,
}

impl Answers {
    fn new() -> Self {
        let answer = |status: &str, body: &str| {
            let len = body.len();
            format!("HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len}\r\n\r\n{body}")
                .into_bytes()
        };
        Self {
            small: answer("200 OK", REPOSITORY),
            list: answer("200 OK", REPOSITORIES),
            unknown: answer("404 Not Found", r#"{"message":"404 Not Found"}"#),
        }
    }

    fn to(&self, request_line: &str) -> &[u8] {
        let mut words = request_line.split_ascii_whitespace();
        let (Some("GET"), Some(target)) = (words.next(), words.next()) else {
            return &self.unknown;
        };
        let segments: Vec<&str> = target.split('/').collect();
        match segments.as_slice() {
            ["", "api", "v5", "repos", _, _] => &self.small,
            ["", "api", "v5", "user", "repos"] => &self.list,
            _ => &self.unknown,
        }
    }
}

fn serve(stream: &TcpStream, answers: &Answers) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut requests = BufReader::new(stream);
    let mut to = stream;
    loop {
        let mut request_line = String::new();
        if requests.read_line(&mut request_line)? == 0 {
            return Ok(());
        }
        // None of the measured requests has a body.
        let mut header = String::new();
        while requests.read_line(&mut header)? > 2 {
            header.clear();
        }
        to.write_all(answers.to(&request_line))?;
    }
}
