//! Where media files are: a folder of this machine, or a bucket of an S3.
//!
//! Everything that outlives a stream is an object: a path such as `videos/4hG2…/source` and its bytes. Objects are
//! written whole and never changed; what is half written is never seen under its path. Not here: what the objects mean,
//! who may read them, HTTP.

mod config;
mod error;

#[cfg(test)]
mod tests;

pub use config::Config;
pub use error::Error;

use bytes::Bytes;
use error::of;
use futures_util::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, ObjectStoreExt, PutPayload, WriteMultipart};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// What an operation gives.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The objects of an installation. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    place: Place,
}

#[derive(Clone, Debug)]
enum Place {
    Folder(PathBuf),
    #[cfg(feature = "s3")]
    Bucket {
        bucket: Arc<object_store::aws::AmazonS3>,
        redirect: bool,
    },
}

/// A file is uploaded in pieces of this size: S3 wants at least 5 MiB and takes 10 000.
const PIECE_BYTES: usize = 16 << 20;
/// Pieces of one file on their way at once.
const PIECES_AT_ONCE: usize = 4;

impl Objects {
    /// In the folder `root`, which is made when it is not there.
    pub fn local(root: &Path) -> Result<Self> {
        std::fs::create_dir_all(root).map_err(|error| error::of_io(&root.display().to_string(), error))?;
        let root = root.canonicalize().map_err(|error| error::of_io(&root.display().to_string(), error))?;
        let store = LocalFileSystem::new_with_prefix(&root).map_err(|error| of("", error))?;
        Ok(Self { store: Arc::new(store.with_automatic_cleanup(true)), place: Place::Folder(root) })
    }

    /// Writes an object of these bytes, in place of one that may be there.
    pub async fn put(&self, path: &str, bytes: Bytes) -> Result<()> {
        self.store.put(&at(path)?, PutPayload::from_bytes(bytes)).await.map_err(|error| of(path, error))?;
        Ok(())
    }

    /// Makes a file of this machine an object; the file is gone then. Within one file system that moves it, whatever
    /// its size.
    pub async fn put_file(&self, path: &str, file: &Path) -> Result<()> {
        let location = at(path)?;
        let io = |error| error::of_io(path, error);
        if let Some(target) = self.local_path(path) {
            if let Some(parent) = target.parent() {
                tokio::fs::create_dir_all(parent).await.map_err(io)?;
            }
            if tokio::fs::rename(file, &target).await.is_ok() {
                return Ok(());
            }
        }
        let mut from = tokio::fs::File::open(file).await.map_err(io)?;
        let upload = self.store.put_multipart(&location).await.map_err(|error| of(path, error))?;
        let mut upload = Pieces(Some(WriteMultipart::new_with_chunk_size(upload, PIECE_BYTES)));
        let mut buffer = vec![0; 1 << 20];
        loop {
            let count = from.read(&mut buffer).await.map_err(io)?;
            if count == 0 {
                break;
            }
            upload.write(path, buffer.get(..count).unwrap_or_default()).await?;
        }
        upload.finish(path).await?;
        tokio::fs::remove_file(file).await.map_err(io)
    }

    /// Some bytes of an object; fewer when it ends before.
    pub async fn read(&self, path: &str, range: Range<u64>) -> Result<Bytes> {
        self.store.get_range(&at(path)?, range).await.map_err(|error| of(path, error))
    }

    /// Several ranges of an object, in that order.
    pub async fn read_ranges(&self, path: &str, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        self.store.get_ranges(&at(path)?, ranges).await.map_err(|error| of(path, error))
    }

    /// All bytes of an object that is known to be small.
    pub async fn read_all(&self, path: &str) -> Result<Bytes> {
        let got = self.store.get(&at(path)?).await.map_err(|error| of(path, error))?;
        got.bytes().await.map_err(|error| of(path, error))
    }

    /// Bytes of an object; `None` when there is none.
    pub async fn size(&self, path: &str) -> Result<Option<u64>> {
        match self.store.head(&at(path)?).await {
            Ok(meta) => Ok(Some(meta.size)),
            Err(error) => match of(path, error) {
                Error::NotFound(_) => Ok(None),
                error => Err(error),
            },
        }
    }

    /// A second object of the same bytes.
    pub async fn copy(&self, from: &str, to: &str) -> Result<()> {
        self.store.copy(&at(from)?, &at(to)?).await.map_err(|error| of(from, error))
    }

    /// Takes an object away, if it is there.
    pub async fn delete(&self, path: &str) -> Result<()> {
        match self.store.delete(&at(path)?).await.map_err(|error| of(path, error)) {
            Err(Error::NotFound(_)) => Ok(()),
            done => done,
        }
    }

    /// Takes away all objects below a path.
    pub async fn delete_all(&self, prefix: &str) -> Result<()> {
        let location = at(prefix)?;
        let paths = self.store.list(Some(&location)).map_ok(|meta| meta.location).boxed();
        let deleted = self.store.delete_stream(paths).try_for_each(async |_| Ok(())).await;
        match deleted.map_err(|error| of(prefix, error)) {
            Ok(()) | Err(Error::NotFound(_)) => {}
            Err(error) => return Err(error),
        }
        if let Some(folder) = self.local_path(prefix) {
            // Only folders are left, which are nothing to the store.
            let _ = tokio::fs::remove_dir_all(folder).await;
        }
        Ok(())
    }

    /// All objects below a path and their bytes, in no order.
    pub async fn list(&self, prefix: &str) -> Result<Vec<(String, u64)>> {
        let location = at(prefix)?;
        let found = self.store.list(Some(&location)).map_ok(|meta| (meta.location.to_string(), meta.size));
        found.try_collect().await.map_err(|error| of(prefix, error))
    }

    /// Makes a file of this machine with the bytes of an object.
    pub async fn fetch(&self, path: &str, file: &Path) -> Result<()> {
        let io = |error| error::of_io(path, error);
        if let Some(local) = self.local_path(path) {
            // Another name for the same bytes costs nothing; objects are never changed.
            if tokio::fs::hard_link(&local, file).await.is_ok() {
                return Ok(());
            }
        }
        let got = self.store.get(&at(path)?).await.map_err(|error| of(path, error))?;
        let mut pieces = got.into_stream();
        let mut to = tokio::fs::File::create(file).await.map_err(io)?;
        while let Some(piece) = pieces.try_next().await.map_err(|error| of(path, error))? {
            to.write_all(&piece).await.map_err(io)?;
        }
        to.flush().await.map_err(io)
    }

    /// Where an object is in the file system; `None` when objects are elsewhere. The file may not exist.
    pub fn local_path(&self, path: &str) -> Option<PathBuf> {
        match &self.place {
            Place::Folder(root) => Some(root.join(at(path).ok()?.as_ref())),
            #[cfg(feature = "s3")]
            Place::Bucket { .. } => None,
        }
    }

    /// An address at which anybody may read the object for `ttl`; `None` when players are not sent there
    /// (`storage.s3_redirect`).
    #[cfg_attr(not(feature = "s3"), allow(unused_variables))]
    pub async fn signed_url(&self, path: &str, ttl: Duration) -> Option<String> {
        match &self.place {
            Place::Folder(_) => None,
            #[cfg(feature = "s3")]
            Place::Bucket { redirect: false, .. } => None,
            #[cfg(feature = "s3")]
            Place::Bucket { bucket, .. } => {
                use object_store::signer::Signer;
                let signed = bucket.signed_url(http::Method::GET, &at(path).ok()?, ttl).await;
                signed
                    .inspect_err(|error| tracing::warn!(%error, path, "no address could be signed"))
                    .ok()
                    .map(String::from)
            }
        }
    }

    /// Bytes free on the disk that holds the folder; `None` when objects are elsewhere.
    pub fn free_bytes(&self) -> Option<u64> {
        match &self.place {
            Place::Folder(root) => free_bytes(root),
            #[cfg(feature = "s3")]
            Place::Bucket { .. } => None,
        }
    }
}

/// Bytes that may be written on the disk that holds `folder`; `None` when that cannot be said.
pub fn free_bytes(folder: &Path) -> Option<u64> {
    let disk = rustix::fs::statvfs(folder).ok()?;
    Some(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// The path as the store has it. Paths are made by the program: a part that leaves the root is a mistake in it.
fn at(path: &str) -> Result<ObjectPath> {
    ObjectPath::parse(path).map_err(|error| Error::Path(format!("{path:?}: {error}")))
}

/// An upload that is given up when it is dropped before its end.
struct Pieces(Option<WriteMultipart>);

impl Pieces {
    async fn write(&mut self, path: &str, bytes: &[u8]) -> Result<()> {
        let Some(upload) = &mut self.0 else { return Ok(()) };
        upload.wait_for_capacity(PIECES_AT_ONCE).await.map_err(|error| of(path, error))?;
        upload.write(bytes);
        Ok(())
    }

    async fn finish(mut self, path: &str) -> Result<()> {
        let Some(upload) = self.0.take() else { return Ok(()) };
        upload.finish().await.map_err(|error| of(path, error))?;
        Ok(())
    }
}

impl Drop for Pieces {
    fn drop(&mut self) {
        let Some(upload) = self.0.take() else { return };
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move {
                if let Err(error) = upload.abort().await {
                    tracing::warn!(%error, "an upload that broke off could not be cleared away");
                }
            });
        }
    }
}
