/// Why an object could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is none.
    #[error("there is no object {0}")]
    NotFound(String),
    /// The disk has no room left.
    #[error("the disk with the media files is full (writing {0}); make room, or move storage.dir")]
    Full(String),
    /// No such path is ever made.
    #[error("not the path of an object: {0}")]
    Path(String),
    /// The folder or the S3 does not do what it should; it may a moment later.
    #[error("the media storage does not answer ({path}): {reason}")]
    Away {
        /// Of which object.
        path: String,
        /// What was said.
        reason: String,
    },
}

/// What the library says, in our words.
#[allow(clippy::needless_pass_by_value, reason = "as map_err gives it")]
pub(crate) fn of(path: &str, error: object_store::Error) -> Error {
    if let object_store::Error::NotFound { .. } = error {
        return Error::NotFound(path.to_owned());
    }
    let mut source: Option<&(dyn std::error::Error + 'static)> = Some(&error);
    while let Some(reason) = source {
        if let Some(io) = reason.downcast_ref::<std::io::Error>()
            && let Some(known) = known(path, io)
        {
            return known;
        }
        source = reason.source();
    }
    Error::Away { path: path.to_owned(), reason: error.to_string() }
}

#[allow(clippy::needless_pass_by_value, reason = "as map_err gives it")]
pub(crate) fn of_io(path: &str, error: std::io::Error) -> Error {
    known(path, &error).unwrap_or_else(|| Error::Away { path: path.to_owned(), reason: error.to_string() })
}

fn known(path: &str, error: &std::io::Error) -> Option<Error> {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Some(Error::Full(path.to_owned()))
        }
        std::io::ErrorKind::NotFound => Some(Error::NotFound(path.to_owned())),
        _ => None,
    }
}
