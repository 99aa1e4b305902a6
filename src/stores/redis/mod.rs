//! Export of lists to Redis: a key a user and version, and one pointer to the version that is read.
//!
//! | key | value |
//! |---|---|
//! | `NAME:current` | the version that is read |
//! | `NAME:VERSION:user:KEY` | the list of a user, as JSON |
//! | `NAME:VERSION:popular` | the list for somebody of whom nothing is known |
//! | `NAME:VERSION:about` | the run, the model, K and the number of users |
//!
//! A version is named after the run and the options, so what a kill left behind is written over by the next try.

mod fault;
mod list;
mod versions;

use std::time::Duration;

use redis::{Client, Connection, ConnectionLike, IntoConnectionInfo, Pipeline, RedisError};
use serde_json::json;

use self::fault::refused;
use self::list::value;
use self::versions::{Version, retire};
use super::address::Secret;
use super::content::{Source, What};
use super::error::StoreError;
use super::{Layout, Part};
use crate::error::Result;
use crate::observer::{Event, Observer};

/// Commands sent together.
const BATCH: usize = 1000;
const CONNECT: Duration = Duration::from_secs(10);
/// Of one batch.
const ANSWER: Duration = Duration::from_secs(60);

/// A Redis server.
pub(crate) struct Redis {
    connection: Connection,
    /// The address without a password.
    place: String,
    name: String,
    keep_old_s: u64,
}

impl Redis {
    /// Connects, and looks whether the pointer is ours.
    ///
    /// # Errors
    /// Another part than lists, a server that cannot be reached, a pointer that something else wrote.
    pub(super) fn open(secret: &Secret, what: &[What], layout: Layout) -> Result<Self> {
        if let Some(other) = what.iter().find(|&&what| what != What::Lists) {
            return Err(StoreError::Usage(format!(
                "Redis takes lists: vectors of {} go to PostgreSQL or into a file",
                other.name()
            ))
            .into());
        }
        // `rediss` needs one; another part of the program may have set it.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let place = secret.to_string();
        let fail = |error: RedisError| refused(&place, &error);
        let info = secret.whole().into_connection_info();
        let info = info.map_err(|_| {
            StoreError::Usage(format!(
                "the address {}:// … cannot be read; give it as redis://:PASSWORD@HOST:PORT/DATABASE",
                place.split("://").next().unwrap_or("redis")
            ))
        })?;
        let info = match (
            info.redis_settings().password(),
            std::env::var("REDISCLI_AUTH"),
        ) {
            (None, Ok(password)) => {
                let settings = info.redis_settings().clone().set_password(password);
                info.set_redis_settings(settings)
            }
            _ => info,
        };
        let client = Client::open(info).map_err(fail)?;
        let connection = client.get_connection_with_timeout(CONNECT).map_err(fail)?;
        connection.set_read_timeout(Some(ANSWER)).map_err(fail)?;
        connection.set_write_timeout(Some(ANSWER)).map_err(fail)?;
        let mut redis = Self {
            connection,
            place,
            name: layout.name,
            keep_old_s: layout.keep_old_s,
        };
        redis.current()?;
        Ok(redis)
    }

    pub(super) fn plan(&mut self, source: &Source<'_>) -> Result<Vec<Part>> {
        let version = Version::of(source);
        Ok(vec![Part {
            what: What::Lists,
            place: format!(
                "{}, keys {}:{version}:user:KEY, pointer {}",
                self.place,
                self.name,
                self.pointer()
            ),
            form: source.form(What::Lists)?,
            rows: source.recommender.users().len(),
            replaces: self.current()?.is_some(),
        }])
    }

    pub(super) fn write(
        &mut self,
        source: &Source<'_>,
        observer: &dyn Observer,
    ) -> Result<Vec<Part>> {
        let mut parts = self.plan(source)?;
        let version = Version::of(source);
        let prefix = format!("{}:{version}", self.name);
        let users = source.recommender.users();
        let types = source.types();
        let mut sent = 0;
        for block in source.lists(observer)? {
            let block = block?;
            for lists in block.chunks(BATCH) {
                let mut batch = Pipeline::new();
                for list in lists {
                    let key = format!("{prefix}:user:{}", list.user);
                    batch
                        .set(key, value(list, types.items_are_numbers))
                        .ignore();
                }
                self.send(&batch)?;
            }
            sent += block.len();
        }
        observer.event(Event::WorkEnds);
        let about = json!({
            "run": source.run, "model": source.model, "k": source.options.k, "users": sent,
        });
        let mut last = Pipeline::new();
        if let Some(popular) = source.recommender.popular(source.options)? {
            let popular = value(&popular, types.items_are_numbers);
            last.set(format!("{prefix}:popular"), popular).ignore();
        }
        last.set(format!("{prefix}:about"), about.to_string())
            .ignore();
        self.send(&last)?;
        let keys = || {
            users
                .keys()
                .iter()
                .map(|user| format!("{prefix}:user:{user}"))
        };
        let found = self.count("EXISTS", keys())?;
        if found != sent || sent != users.len() {
            let place = format!("{prefix}:user:*");
            return Err(StoreError::Count { place, sent, found }.into());
        }
        let mut switch = Pipeline::new();
        switch
            .atomic()
            .set(self.pointer(), version.to_string())
            .ignore();
        self.send(&switch)?;
        // Another export that ended meanwhile may have taken these for old.
        let beside = ["popular", "about"].map(|name| format!("{prefix}:{name}"));
        self.count("PERSIST", keys().chain(beside))?;
        retire(&mut self.connection, &self.name, self.keep_old_s)
            .map_err(|error| refused(&self.place, &error))?;
        for part in &mut parts {
            part.rows = sent;
        }
        Ok(parts)
    }

    /// The version that is read.
    fn current(&mut self) -> Result<Option<Version>, StoreError> {
        let pointer = self.pointer();
        let found: Result<Option<String>, _> =
            redis::cmd("GET").arg(&pointer).query(&mut self.connection);
        let foreign = || {
            StoreError::failed(
                &format!("{}, key {pointer}", self.place),
                "something else wrote it",
                "choose another beginning of keys with `--name NAME`",
            )
        };
        match found {
            Ok(None) => Ok(None),
            Ok(Some(text)) => Version::parse(&text).ok_or_else(foreign).map(Some),
            Err(error) if error.code() == Some("WRONGTYPE") => Err(foreign()),
            Err(error) => Err(refused(&self.place, &error)),
        }
    }

    fn pointer(&self) -> String {
        format!("{}:current", self.name)
    }

    fn send(&mut self, batch: &Pipeline) -> Result<(), StoreError> {
        let sent = batch.query::<()>(&mut self.connection);
        sent.map_err(|error| refused(&self.place, &error))
    }

    /// Gives each key to a command that answers with a number; their sum.
    fn count(
        &mut self,
        command: &str,
        keys: impl Iterator<Item = String>,
    ) -> Result<usize, StoreError> {
        let mut keys = keys.peekable();
        let mut sum = 0;
        while keys.peek().is_some() {
            let mut batch = Pipeline::new();
            for key in keys.by_ref().take(BATCH) {
                batch.cmd(command).arg(key);
            }
            let numbers: Result<Vec<usize>, _> =
                batch.query(&mut self.connection as &mut dyn ConnectionLike);
            let numbers = numbers.map_err(|error| refused(&self.place, &error))?;
            sum += numbers.iter().sum::<usize>();
        }
        Ok(sum)
    }
}
