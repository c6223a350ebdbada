use crate::{Objects, Result};
use serde::Deserialize;
use std::path::Path;

/// Settings of `[storage]`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub dir: String,
    pub s3_bucket: String,
    pub s3_endpoint: String,
    pub s3_region: String,
    pub s3_access_key: String,
    pub s3_secret_key: String,
    pub s3_redirect: bool,
    pub s3_timeout_ms: u64,
}

impl Config {
    /// The objects these settings name; `data_dir` holds them when nothing else is said.
    pub fn open(&self, data_dir: &Path) -> Result<Objects> {
        if !self.s3_bucket.is_empty() {
            return self.bucket();
        }
        let folder = if self.dir.is_empty() { data_dir.join("media") } else { self.dir.clone().into() };
        Objects::local(&folder)
    }

    #[cfg(not(feature = "s3"))]
    fn bucket(&self) -> Result<Objects> {
        Err(crate::Error::Path(
            "storage.s3_bucket is set, but this program was built without the feature \"s3\"".to_owned(),
        ))
    }

    #[cfg(feature = "s3")]
    fn bucket(&self) -> Result<Objects> {
        use crate::{Place, error::of};
        use object_store::aws::AmazonS3Builder;
        use object_store::{BackoffConfig, ClientOptions, RetryConfig};
        use std::sync::Arc;
        use std::time::Duration;
        let timeout = Duration::from_millis(self.s3_timeout_ms);
        let client =
            ClientOptions::new().with_timeout(timeout).with_connect_timeout(timeout.min(CONNECT_MAX));
        // Who writes tries again from the spool; who reads waits for the answer.
        let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: 2, retry_timeout: timeout };
        let mut builder = AmazonS3Builder::from_env()
            .with_bucket_name(&self.s3_bucket)
            .with_client_options(client)
            .with_allow_http(self.s3_endpoint.starts_with("http://"))
            .with_retry(retry);
        for (value, set) in [
            (&self.s3_endpoint, AmazonS3Builder::with_endpoint as fn(_, String) -> _),
            (&self.s3_region, AmazonS3Builder::with_region),
            (&self.s3_access_key, AmazonS3Builder::with_access_key_id),
            (&self.s3_secret_key, AmazonS3Builder::with_secret_access_key),
        ] {
            if !value.is_empty() {
                builder = set(builder, value.clone());
            }
        }
        let bucket = Arc::new(builder.build().map_err(|error| of(&self.s3_bucket, error))?);
        let place = Place::Bucket { bucket: bucket.clone(), redirect: self.s3_redirect };
        Ok(Objects { store: bucket, place })
    }
}

#[cfg(feature = "s3")]
const CONNECT_MAX: std::time::Duration = std::time::Duration::from_secs(5);
