//! The store that a path names, and the key within it. Credentials come from the environment.

use std::time::Duration;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};
use object_store::azure::{AzureConfigKey, MicrosoftAzureBuilder};
use object_store::gcp::{GoogleCloudStorageBuilder, GoogleConfigKey};
use object_store::http::HttpBuilder;
use object_store::path::Path as Key;
use object_store::{ClientConfigKey, ClientOptions, ObjectStore, RetryConfig};

/// A request, its body included, takes no longer; what is cut off by that is asked for again from where it ended.
const REQUEST_TIMEOUT: &str = "10 minutes";
/// How often a request is made again, and for how long.
const RETRIES: usize = 3;
const RETRY_TIMEOUT: Duration = Duration::from_secs(30);

/// A path taken apart.
pub(crate) struct Located {
    pub(crate) store: Box<dyn ObjectStore>,
    /// The address of the store, without a slash at its end.
    pub(super) base: String,
    /// What comes behind it, as it is written.
    pub(super) key: String,
    /// Whether keys can be listed.
    pub(super) lists: bool,
}

/// Finds the store of a path.
pub(crate) fn locate(name: &str) -> Result<Located, object_store::Error> {
    let (scheme, rest) = name.split_once("://").unwrap_or(("", name));
    let (place, key) = rest.split_once('/').unwrap_or((rest, ""));
    let base = format!("{scheme}://{place}");
    let retry = RetryConfig {
        max_retries: RETRIES,
        retry_timeout: RETRY_TIMEOUT,
        ..RetryConfig::default()
    };
    let timeout = ClientConfigKey::Timeout;
    let store: Box<dyn ObjectStore> = match scheme {
        "s3" | "s3a" => {
            let builder = AmazonS3Builder::from_env()
                .with_config(AmazonS3ConfigKey::Client(timeout), REQUEST_TIMEOUT)
                .with_retry(retry)
                .with_url(&base);
            Box::new(builder.build()?)
        }
        "gs" => {
            let builder = GoogleCloudStorageBuilder::from_env()
                .with_config(GoogleConfigKey::Client(timeout), REQUEST_TIMEOUT)
                .with_retry(retry)
                .with_url(&base);
            Box::new(builder.build()?)
        }
        "http" | "https" => {
            let options = ClientOptions::new()
                .with_config(timeout, REQUEST_TIMEOUT)
                .with_allow_http(scheme == "http");
            let builder = HttpBuilder::new()
                .with_client_options(options)
                .with_retry(retry)
                .with_url(&base);
            Box::new(builder.build()?)
        }
        _ => {
            let builder = MicrosoftAzureBuilder::from_env()
                .with_config(AzureConfigKey::Client(timeout), REQUEST_TIMEOUT)
                .with_retry(retry)
                .with_url(&base);
            Box::new(builder.build()?)
        }
    };
    Ok(Located {
        store,
        base,
        key: key.to_owned(),
        lists: !scheme.starts_with("http"),
    })
}

impl Located {
    /// The key as the store takes it: of a web address without its escapes.
    pub(crate) fn path(&self) -> Result<Key, object_store::Error> {
        let key = match self.lists {
            true => Key::parse(&self.key),
            false => Key::from_url_path(&self.key),
        };
        Ok(key?)
    }
}
