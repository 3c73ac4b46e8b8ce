//! Tokens in files: one per identity, sealed, shared by the processes of one machine.

use crate::session::{Lease, StoreError, TokenStore, Tokens, Version};
use crate::vault::{Kept, SealingKey, Vault};
use async_trait::async_trait;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Keeps tokens in a folder, one file per identity, for all processes of this machine.
///
/// A file is replaced in one step, and only its owner may read it. Whoever is killed at any instant leaves the old tokens or
/// the new ones, and no lock: the operating system gives those back. The folder must be on a local disk; locks of network
/// file systems are not to be relied on.
///
/// ```
/// use yunkit_core::session::{FileStore, SealingKey};
///
/// # fn main() -> Result<(), yunkit_core::session::StoreError> {
/// # let folder = std::env::temp_dir().join(format!("yunkit-doc-{}", std::process::id()));
/// # let bytes = [7; 32];
/// let store = FileStore::sealed(&folder, SealingKey::new(bytes))?;
/// # drop(store);
/// # std::fs::remove_dir_all(folder).ok();
/// # Ok(()) }
/// ```
#[derive(Debug, Clone)]
pub struct FileStore(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    vault: Vault,
}

/// What may stand in the name of a file as it is.
const NAMED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'@');

/// Longer names of files are refused by some systems.
const LONGEST: usize = 200;

impl FileStore {
    /// Tokens sealed by ChaCha20-Poly1305, each bound to its identity. The folder is made if it is missing.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub fn sealed(folder: impl Into<PathBuf>, key: SealingKey) -> Result<Self, StoreError> {
        Self::in_folder(folder.into(), Vault::sealed(key))
    }

    /// Tokens that everybody can read who can read the files of their owner. Only for machines that nobody else uses.
    ///
    /// # Errors
    ///
    /// When the folder cannot be made.
    pub fn plaintext(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        Self::in_folder(folder.into(), Vault::plaintext())
    }

    fn in_folder(folder: PathBuf, vault: Vault) -> Result<Self, StoreError> {
        let mut maker = std::fs::DirBuilder::new();
        maker.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
        maker.create(&folder).map_err(|error| failed("the folder cannot be made", &error))?;
        Ok(Self(Arc::new(Shared { folder, vault })))
    }

    /// Runs what waits for the disk where it keeps nobody else waiting.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Shared) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let shared = self.0.clone();
        let done = tokio::task::spawn_blocking(move || work(&shared)).await;
        done.map_err(|_| StoreError::new("the store was stopped in the middle of its work"))?
    }
}

impl Shared {
    fn path(&self, identity: &str, end: &str) -> Result<PathBuf, StoreError> {
        let name = utf8_percent_encode(identity, NAMED).to_string();
        if name.is_empty() || name.len() > LONGEST {
            return Err(StoreError::new("the identity is empty, or too long for the name of a file"));
        }
        Ok(self.folder.join(format!("{name}{end}")))
    }

    /// A file to lock. It stays: taking it away would let two processes lock two files of one name.
    fn lock_file(&self, identity: &str, end: &str) -> Result<File, StoreError> {
        let path = self.path(identity, end)?;
        private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(path)
            .map_err(|error| failed("the lock cannot be opened", &error))
    }

    fn read(&self, identity: &str) -> Result<Option<Kept>, StoreError> {
        let mut bytes = Vec::new();
        match File::open(self.path(identity, ".tokens")?) {
            Ok(mut file) => {
                file.read_to_end(&mut bytes).map_err(|error| failed("the file cannot be read", &error))?
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("the file cannot be opened", &error)),
        };
        self.vault.open(identity, bytes).map(Some)
    }

    /// Writes beside, and then over: whoever reads finds the old or the new, whatever happens to us.
    fn write(&self, identity: &str, kept: &Kept) -> Result<(), StoreError> {
        let bytes = self.vault.close(identity, kept)?;
        let path = self.path(identity, ".tokens")?;
        let aside = self.path(identity, &format!(".{:032x}.new", crate::random_u128()))?;
        let write = || -> io::Result<()> {
            let mut file = private(OpenOptions::new().create_new(true).write(true)).open(&aside)?;
            file.write_all(&bytes)?;
            file.sync_all()?;
            std::fs::rename(&aside, &path)?;
            settle(&self.folder)
        };
        write().map_err(|error| {
            // What is beside is of no use to anybody; that it may stay behind does no harm either.
            let _ = std::fs::remove_file(&aside);
            failed("the file cannot be written", &error)
        })
    }

    /// Reads, decides and writes, with nobody in between.
    fn change(
        &self,
        identity: &str,
        change: impl FnOnce(Option<Kept>) -> Option<Kept>,
    ) -> Result<Option<Version>, StoreError> {
        let lock = self.lock_file(identity, ".lock")?;
        lock.lock().map_err(|error| failed("the lock cannot be taken", &error))?;
        let Some(changed) = change(self.read(identity)?) else {
            return Ok(None);
        };
        self.write(identity, &changed)?;
        Ok(Some(changed.version))
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}

/// Makes the new name outlive a loss of power, where folders can be synchronized.
fn settle(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    let _ = folder;
    Ok(())
}

/// The kind of the failure alone: paths can hold the names of people.
fn failed(what: &str, error: &io::Error) -> StoreError {
    StoreError::new(format!("{what}: {}", error.kind()))
}

#[async_trait]
impl TokenStore for FileStore {
    async fn load(&self, identity: &str) -> Result<Option<(Version, Tokens)>, StoreError> {
        let identity = identity.to_owned();
        self.on_disk(move |store| Ok(store.read(&identity)?.map(|kept| (kept.version, kept.tokens)))).await
    }

    async fn swap(
        &self,
        identity: &str,
        expected: Version,
        tokens: &Tokens,
    ) -> Result<Option<Version>, StoreError> {
        let (identity, tokens) = (identity.to_owned(), tokens.clone());
        let change = move |kept: Option<Kept>| {
            let version = kept.map_or(0, |kept| kept.version);
            (version == expected).then(|| Kept::new(version + 1, tokens))
        };
        self.on_disk(move |store| store.change(&identity, change)).await
    }

    async fn lease(&self, identity: &str, _: Duration) -> Result<Option<Lease>, StoreError> {
        let identity = identity.to_owned();
        self.on_disk(move |store| {
            let file = store.lock_file(&identity, ".lease")?;
            match file.try_lock() {
                // Closing the file gives the lock back, and so does the end of the process, whatever ends it.
                Ok(()) => Ok(Some(Lease::new(0, move || drop(file)))),
                Err(TryLockError::WouldBlock) => Ok(None),
                Err(TryLockError::Error(error)) => Err(failed("the lease cannot be taken", &error)),
            }
        })
        .await
    }

    async fn spend(&self, identity: &str, version: Version, _: &Lease) -> Result<bool, StoreError> {
        let identity = identity.to_owned();
        self.on_disk(move |store| {
            let (mut first, mut there) = (true, false);
            store.change(&identity, |kept| {
                let mut kept = kept.filter(|kept| kept.version == version)?;
                there = true;
                first = kept.spending != Some(version);
                kept.spending = Some(version);
                first.then_some(kept)
            })?;
            there.then_some(first).ok_or_else(replaced)
        })
        .await
    }
}

fn replaced() -> StoreError {
    StoreError::new("the tokens have been replaced meanwhile")
}
