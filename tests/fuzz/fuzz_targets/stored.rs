//! Any bytes where a store keeps its tokens: a plain file is read or refused, what was read can be replaced, and a sealed file
//! that is not what we sealed for this very identity is always refused.
//!
//! The first byte chooses; with `~`, the next three say where in the sealed file which bits are turned.

#![no_main]

use libfuzzer_sys::fuzz_target;
use std::fs;
use std::path::PathBuf;
use std::sync::LazyLock;
use std::time::Duration;
use yunkit_core::secrecy::ExposeSecret;
use yunkit_core::session::{FileStore, SealingKey, StoreError, TokenStore, Tokens, Version};
use yunkit_fuzz::{now, once};

struct Stores {
    folder: PathBuf,
    plain: FileStore,
    sealed: FileStore,
    /// What was sealed for `alice`.
    good: Vec<u8>,
}

static STORES: LazyLock<Stores> = LazyLock::new(|| {
    let folder = std::env::temp_dir().join(format!("yunkit-fuzz-stored-{}", std::process::id()));
    let plain = once(FileStore::plaintext(folder.join("plain")));
    let sealed = once(FileStore::sealed(folder.join("sealed"), SealingKey::new([7; 32])));
    let mut tokens = Tokens::new("access".into());
    tokens.refresh_token = Some("refresh".into());
    once(now(sealed.swap("alice", 0, &tokens)));
    let good = once(fs::read(folder.join("sealed/alice.tokens")));
    Stores { folder, plain, sealed, good }
});

fuzz_target!(|input: &[u8]| match input.split_first() {
    Some((b'~', [high, low, bits, more @ ..])) => altered(usize::from(*high) << 8 | usize::from(*low), *bits, more),
    Some((b'!', bytes)) => foreign(bytes),
    _ => plain(input),
});

fn plain(bytes: &[u8]) {
    let stores = &*STORES;
    let kept = match load(&stores.plain, "plain", "alice", bytes) {
        Ok(kept) => kept.expect("there is a file"),
        Err(error) => return drop(error.to_string()),
    };
    let (version, tokens) = kept;
    let _ = format!("{tokens:?}");
    let lease = once(now(stores.plain.lease("alice", Duration::from_secs(1)))).expect("nobody else has it");
    assert!(now(stores.plain.spend("alice", version, &lease)).is_ok());
    drop(lease);
    assert_eq!(once(now(stores.plain.swap("alice", version ^ 1, &tokens))), None, "another version is replaced");
    let next = match now(stores.plain.swap("alice", version, &tokens)) {
        Ok(next) => next.expect("the version is the one there"),
        Err(error) => return assert_eq!(version, (1 << 53) - 1, "{error}"),
    };
    let (again, kept) = once(now(stores.plain.load("alice"))).expect("there is a file");
    assert_eq!((again, shown(&kept)), (next, shown(&tokens)));
}

/// Bytes that begin as a sealed file does, or not, under a key they were not sealed with.
fn foreign(bytes: &[u8]) {
    let stores = &*STORES;
    for bytes in [bytes.to_vec(), [&stores.good[..16], bytes].concat()] {
        if bytes != stores.good {
            assert!(load(&stores.sealed, "sealed", "alice", &bytes).is_err(), "a forged file is accepted");
        }
    }
}

/// Turns bits at a place, cuts there, or appends.
fn altered(at: usize, bits: u8, more: &[u8]) {
    let stores = &*STORES;
    let at = at % stores.good.len();
    let mut bytes = stores.good.clone();
    match (bits, more) {
        (0, []) => bytes.truncate(at),
        (0, more) => bytes.extend_from_slice(more),
        (bits, _) => bytes[at] ^= bits,
    }
    assert!(load(&stores.sealed, "sealed", "alice", &bytes).is_err(), "an altered file is accepted");
    assert!(load(&stores.sealed, "sealed", "bob", &stores.good).is_err(), "another identity's file is accepted");
    assert!(once(load(&stores.sealed, "sealed", "alice", &stores.good)).is_some());
}

fn load(
    store: &FileStore,
    folder: &str,
    identity: &str,
    bytes: &[u8],
) -> Result<Option<(Version, Tokens)>, StoreError> {
    let file = STORES.folder.join(folder).join(format!("{identity}.tokens"));
    once(fs::write(file, bytes));
    now(store.load(identity))
}

fn shown(tokens: &Tokens) -> String {
    let secret = tokens.refresh_token.as_ref().map(ExposeSecret::expose_secret);
    format!("{} {secret:?} {tokens:?}", tokens.access_token.expose_secret())
}
