//! A connection between client and service that misbehaves as it is told.

use crate::sample::Random;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a [`FaultProxy`] does to one exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum WireFault {
    /// The connection is reset at the first byte of the request.
    ResetAtOnce,
    /// The request is read, and the connection reset. The service never sees it.
    ResetAfterRequest,
    /// The service acts, and its answer is lost.
    LoseAnswer,
    /// The service acts, and its answer never comes.
    StallBefore,
    /// The service acts, and its answer stops in the middle of the body.
    StallInside,
    /// The answer ends in the middle of the body.
    Truncate,
    /// The answer says it has more bytes than it has.
    LengthTooLarge,
    /// The answer says it has fewer bytes than it has.
    LengthTooSmall,
    /// The answer has two lengths that differ.
    TwoLengths,
    /// The answer arrives a few bytes at a time.
    Drip,
    /// The answer is said to be packed, and is not.
    GarbageGzip,
    /// Two informational answers come before the real one.
    Informational,
    /// A connection that was kept open is closed under the next request; the first request on it goes through.
    CloseKept,
}

impl WireFault {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::ResetAtOnce,
        Self::ResetAfterRequest,
        Self::LoseAnswer,
        Self::StallBefore,
        Self::StallInside,
        Self::Truncate,
        Self::LengthTooLarge,
        Self::LengthTooSmall,
        Self::TwoLengths,
        Self::Drip,
        Self::GarbageGzip,
        Self::Informational,
        Self::CloseKept,
    ];

    /// Whether the service gets the request all the same, when it is the first one on its connection.
    pub fn reaches_the_service(self) -> bool {
        !matches!(self, Self::ResetAtOnce | Self::ResetAfterRequest)
    }
}

/// What went through a proxy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Connections that were accepted.
    pub connections: u64,
    /// Requests that arrived whole.
    pub requests: u64,
    /// Requests that the service got.
    pub forwarded: u64,
    /// Exchanges by what was done to them.
    pub struck: BTreeMap<WireFault, u64>,
}

/// Stands between client and service, speaks HTTP/1.1 over plain TCP, and spoils exchanges.
///
/// ```
/// use yunkit_testkit::{FaultProxy, WireFault};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> std::io::Result<()> {
/// let proxy = FaultProxy::start("http://127.0.0.1:8080").await?;
/// proxy.always(WireFault::Truncate);
/// println!("send to {}", proxy.address());
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    service: String,
    plan: Mutex<Plan>,
    counts: Mutex<Counts>,
}

#[derive(Debug)]
enum Plan {
    Pass,
    Always(WireFault),
    Sometimes { random: Random, rate: f64, kinds: Vec<WireFault> },
}

impl FaultProxy {
    /// A proxy on a free port, before the service at this address. It lets everything through until told otherwise.
    ///
    /// # Errors
    ///
    /// When no port can be had.
    pub async fn start(service: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            service: service.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            plan: Mutex::new(Plan::Pass),
            counts: Mutex::default(),
        });
        let accepting = tokio::spawn(accept(shared.clone(), listener));
        Ok(Self { address, shared, accepting })
    }

    /// Where clients send to.
    pub fn address(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The same place, for clients that expect it to speak TLS, which it does not.
    pub fn tls_address(&self) -> String {
        format!("https://{}", self.address)
    }

    /// Lets everything through.
    pub fn pass(&self) {
        *self.shared.plan() = Plan::Pass;
    }

    /// Spoils every exchange in this way.
    pub fn always(&self, fault: WireFault) {
        *self.shared.plan() = Plan::Always(fault);
    }

    /// Spoils a part of the exchanges, from 0 to 1, each in one of these ways. The same seed makes the same choices.
    pub fn sometimes(&self, seed: u64, rate: f64, kinds: &[WireFault]) {
        let random = Random::new(seed, "wire faults");
        *self.shared.plan() = Plan::Sometimes { random, rate, kinds: kinds.to_vec() };
    }

    /// Listens no more: whoever connects is refused. Connections that stand go on.
    pub async fn close(&mut self) {
        self.accepting.abort();
        if !self.accepting.is_finished() {
            // The port is free when the task is gone.
            let _ = (&mut self.accepting).await;
        }
    }

    /// Listens again, at the same place.
    ///
    /// # Errors
    ///
    /// When somebody else has taken the port meanwhile.
    pub async fn open(&mut self) -> io::Result<()> {
        let listener = TcpListener::bind(self.address).await?;
        self.accepting = tokio::spawn(accept(self.shared.clone(), listener));
        Ok(())
    }

    /// What has gone through so far.
    pub fn counts(&self) -> Counts {
        self.shared.counts().clone()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn plan(&self) -> MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What happens to the next exchange.
    fn draw(&self) -> Option<WireFault> {
        match &mut *self.plan() {
            Plan::Pass => None,
            Plan::Always(fault) => Some(*fault),
            Plan::Sometimes { random, rate, kinds } => {
                // Both are drawn each time, so that the rate does not shift what comes later.
                let (strikes, index) = (random.happens(*rate), random.below(kinds.len() as u64));
                strikes.then(|| kinds.get(index as usize).copied()).flatten()
            }
        }
    }
}

async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    while let Ok((client, _)) = listener.accept().await {
        shared.counts().connections += 1;
        let shared = shared.clone();
        tokio::spawn(async move {
            // However it ends, the client sees it.
            let _ = converse(&shared, client).await;
        });
    }
}

/// One connection, exchange by exchange.
async fn converse(shared: &Shared, client: TcpStream) -> io::Result<()> {
    client.set_nodelay(true)?;
    let mut client = BufReader::new(client);
    let mut service: Option<BufReader<TcpStream>> = None;
    // The fate of the first exchange is known before it begins: it can be that there is none.
    let mut fault = shared.draw();
    for exchange in 0.. {
        if fault == Some(WireFault::ResetAtOnce) {
            client.fill_buf().await?;
            *shared.counts().struck.entry(WireFault::ResetAtOnce).or_default() += 1;
            return reset(client);
        }
        let Some(request) = Message::read(&mut client, Side::Request).await? else {
            return Ok(());
        };
        shared.counts().requests += 1;
        if exchange > 0 {
            fault = shared.draw();
        }
        let fault_now = fault.filter(|fault| *fault != WireFault::CloseKept || exchange > 0);
        if let Some(fault) = fault_now {
            *shared.counts().struck.entry(fault).or_default() += 1;
        }
        use WireFault::{CloseKept, LoseAnswer, ResetAfterRequest, ResetAtOnce, StallBefore};
        if matches!(fault_now, Some(CloseKept | ResetAfterRequest | ResetAtOnce)) {
            return reset(client);
        }
        let upstream = match &mut service {
            Some(service) => service,
            none => none.insert(BufReader::new(connect(&shared.service).await?)),
        };
        request.write(upstream.get_mut(), &[]).await?;
        shared.counts().forwarded += 1;
        let bodiless = request.head.starts_with("HEAD ");
        let side = if bodiless { Side::AnswerWithoutBody } else { Side::Answer };
        let answer = Message::read(upstream, side).await?.ok_or(io::ErrorKind::UnexpectedEof)?;
        match fault_now {
            None => answer.write(client.get_mut(), &[]).await?,
            Some(LoseAnswer) => return reset(client),
            Some(StallBefore) => return wait_for_the_end(client).await,
            Some(fault) => {
                if !spoil(fault, answer, client.get_mut()).await? {
                    return match fault {
                        WireFault::StallInside => wait_for_the_end(client).await,
                        _ => client.get_mut().shutdown().await,
                    };
                }
            }
        }
    }
    Ok(())
}

async fn connect(service: &str) -> io::Result<TcpStream> {
    let stream = TcpStream::connect(service).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// Ends a connection as a host does that has lost it.
fn reset(client: BufReader<TcpStream>) -> io::Result<()> {
    client.into_inner().set_zero_linger()
}

/// Says nothing more until the client gives up.
async fn wait_for_the_end(mut client: BufReader<TcpStream>) -> io::Result<()> {
    let mut nothing = [0; 1024];
    while client.read(&mut nothing).await? > 0 {}
    Ok(())
}

/// Writes an answer as nobody should; answers whether the connection can go on.
async fn spoil(fault: WireFault, answer: Message, client: &mut TcpStream) -> io::Result<bool> {
    let len = answer.body.len();
    let half = &answer.body[..len / 2];
    match fault {
        WireFault::Truncate | WireFault::StallInside => {
            client.write_all(answer.head_with(&[&format!("Content-Length: {len}")]).as_bytes()).await?;
            client.write_all(half).await?;
            client.flush().await?;
            Ok(false)
        }
        WireFault::LengthTooLarge | WireFault::LengthTooSmall => {
            let said = if fault == WireFault::LengthTooLarge { len + 7 } else { len / 2 };
            client.write_all(answer.head_with(&[&format!("Content-Length: {said}")]).as_bytes()).await?;
            client.write_all(&answer.body).await?;
            client.flush().await?;
            Ok(false)
        }
        WireFault::TwoLengths => {
            let lengths = [format!("Content-Length: {len}"), format!("Content-Length: {}", len + 1)];
            client.write_all(answer.head_with(&[&lengths[0], &lengths[1]]).as_bytes()).await?;
            client.write_all(&answer.body).await?;
            client.flush().await?;
            Ok(false)
        }
        WireFault::GarbageGzip => {
            let body = b"\x1f\x8b\x08 this is not what it says it is".to_vec();
            let garbage = Message { head: answer.head, body };
            garbage.write(client, &["Content-Encoding: gzip"]).await?;
            Ok(true)
        }
        WireFault::Informational => {
            let hints =
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\n\r\n";
            client.write_all(hints.as_bytes()).await?;
            answer.write(client, &[]).await?;
            Ok(true)
        }
        WireFault::Drip => {
            let whole = answer.bytes(&[]);
            for drop in whole.chunks((whole.len() / 16).max(1)) {
                client.write_all(drop).await?;
                client.flush().await?;
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// A request or an answer: its head without what frames the body, and the body.
struct Message {
    head: String,
    body: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Side {
    Request,
    Answer,
    AnswerWithoutBody,
}

impl Message {
    /// Reads one; nothing where the connection has ended.
    async fn read(from: &mut BufReader<TcpStream>, side: Side) -> io::Result<Option<Self>> {
        /// How TLS begins.
        const TLS: u8 = 22;
        if from.fill_buf().await?.first() == Some(&TLS) {
            from.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await?;
            return Ok(None);
        }
        let (mut head, mut len, mut chunked) = (String::new(), None, false);
        loop {
            let before = head.len();
            if from.read_line(&mut head).await? == 0 {
                return Ok(None);
            }
            let line = head[before..].trim_end().to_ascii_lowercase();
            if line.is_empty() {
                head.truncate(before);
                break;
            }
            match line.split_once(':') {
                Some(("content-length", value)) => len = value.trim().parse::<usize>().ok(),
                Some(("transfer-encoding", value)) => chunked = value.contains("chunked"),
                _ => continue,
            }
            head.truncate(before);
        }
        let status = head.split(' ').nth(1).unwrap_or_default();
        let none = side == Side::AnswerWithoutBody || side == Side::Answer && matches!(status, "204" | "304");
        let mut body = Vec::new();
        match (chunked, len) {
            _ if none => {}
            (true, _) => loop {
                let mut line = String::new();
                from.read_line(&mut line).await?;
                let size = line.trim().split(';').next().unwrap_or_default();
                let size = usize::from_str_radix(size, 16).map_err(io::Error::other)?;
                let at = body.len();
                body.resize(at + size, 0);
                from.read_exact(&mut body[at..]).await?;
                from.read_line(&mut String::new()).await?;
                if size == 0 {
                    break;
                }
            },
            (false, Some(len)) => {
                body.resize(len, 0);
                from.read_exact(&mut body).await?;
            }
            (false, None) if side == Side::Answer => {
                from.read_to_end(&mut body).await?;
            }
            (false, None) => {}
        }
        Ok(Some(Self { head, body }))
    }

    fn head_with(&self, lines: &[&str]) -> String {
        let mut head = self.head.clone();
        for line in lines {
            head += line;
            head += "\r\n";
        }
        head + "\r\n"
    }

    fn bytes(&self, lines: &[&str]) -> Vec<u8> {
        let none = match self.head.starts_with("HTTP/") {
            true => ["204", "304"].contains(&self.head.split(' ').nth(1).unwrap_or_default()),
            false => self.body.is_empty(),
        };
        let len = format!("Content-Length: {}", self.body.len());
        let framed: Vec<&str> = lines.iter().copied().chain((!none).then_some(len.as_str())).collect();
        [self.head_with(&framed).as_bytes(), &self.body].concat()
    }

    async fn write(&self, to: &mut TcpStream, lines: &[&str]) -> io::Result<()> {
        to.write_all(&self.bytes(lines)).await?;
        to.flush().await
    }
}
