//! Export to PostgreSQL: new tables are filled, indexed, counted and put in place of the old ones in one transaction.
//!
//! | table | columns |
//! |---|---|
//! | `NAME_lists` | `user_id`, `rank`, `item_id`, `score`, `title` where the run has titles, `source` |
//! | `NAME_items` | `item_id`, `embedding`, `title` where the run has titles |
//! | `NAME_users` | `user_id`, `embedding` |

mod connect;
mod fault;
mod fill;
mod tables;

use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use self::fault::refused;
use self::tables::{Extension, Table};
use super::address::Secret;
use super::content::{Source, What};
use super::error::StoreError;
use super::{Layout, Part};
use crate::error::Result;
use crate::observer::{Observer, remark};

/// pgvector's limit of an index.
const HNSW_DIM_MAX: usize = 2000;
/// How long readers of the old tables may take, and how long they are left alone between two tries.
const READERS: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

/// A database.
pub(crate) struct Postgres {
    runtime: Runtime,
    client: Client,
    /// The address without a password.
    place: String,
    layout: Layout,
    /// Where tables are made: the first schema of the search path.
    schema: String,
}

impl Postgres {
    /// Connects.
    ///
    /// # Errors
    /// An address that cannot be read, a server that cannot be reached or does not let us in, no schema.
    pub(super) fn open(secret: &Secret, layout: Layout, observer: &dyn Observer) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let place = secret.to_string();
        let connected = runtime.block_on(connect::connect(secret))?;
        if connected.is_in_the_clear {
            let text = format!(
                "the connection to {place} is not encrypted; add `sslmode=require` to the address to have it so"
            );
            remark(observer, &text);
        }
        let client = connected.client;
        let schema = runtime.block_on(tables::schema(&client));
        let schema = schema.map_err(|error| refused(&place, &error))?;
        let schema = schema.ok_or_else(|| {
            StoreError::failed(
                &place,
                "its search path names no schema that is there",
                "name one in the address, as in `?options=-csearch_path%3Dpublic`",
            )
        })?;
        Ok(Self {
            runtime,
            client,
            place,
            layout,
            schema,
        })
    }

    pub(super) fn plan(&mut self, source: &Source<'_>, what: &[What]) -> Result<Vec<Part>> {
        let tables = self.tables(source, what)?;
        let part = |table: &Table| -> Result<Part> {
            Ok(Part {
                what: table.what,
                place: format!("{}, table {}", self.place, table.full_name()),
                form: source.form(table.what)?,
                rows: source.n_rows(table.what)?,
                replaces: table.old.is_some(),
            })
        };
        tables.iter().map(part).collect()
    }

    pub(super) fn write(
        &mut self,
        source: &Source<'_>,
        what: &[What],
        observer: &dyn Observer,
    ) -> Result<Vec<Part>> {
        let mut parts = self.plan(source, what)?;
        self.lock(observer)?;
        // Anew: another export may have held the lock until now.
        let tables = self.tables(source, what)?;
        for (table, part) in tables.iter().zip(&mut parts) {
            part.rows = self.fill(source, table, observer)?;
        }
        let about = |part: &Part| {
            serde_json::json!({
                "run": source.run, "model": source.model, "what": part.what, "rows": part.rows,
            })
        };
        self.hold(&tables)?;
        for (table, part) in tables.iter().zip(&parts) {
            let place = || format!("{}, table {}", self.place, table.full_name());
            let switched = self
                .runtime
                .block_on(table.switch(&self.client, &about(part).to_string()));
            switched.map_err(|error| refused(&place(), &error))?;
        }
        self.run("COMMIT")?;
        Ok(parts)
    }

    /// Begins the transaction, once no other export writes these tables.
    fn lock(&self, observer: &dyn Observer) -> Result<()> {
        self.run("BEGIN")?;
        self.run(tables::PATIENCE)?;
        let key = format!("sagebrush export {}.{}", self.schema, self.layout.name);
        let locked = self.runtime.block_on(tables::try_lock(&self.client, &key));
        if locked.map_err(|error| refused(&self.place, &error))? {
            return Ok(());
        }
        remark(
            observer,
            "another export writes the same tables; waiting for it",
        );
        let locked = self.runtime.block_on(tables::lock(&self.client, &key));
        Ok(locked.map_err(|error| refused(&self.place, &error))?)
    }

    /// Keeps readers out of the tables that are replaced. One who reads several of them in another order could wait for us
    /// while we wait for him: so we give way before the server looks for such a circle (1 s), and try again.
    fn hold(&self, tables: &[Table]) -> Result<()> {
        let old: Vec<String> = tables.iter().filter_map(Table::old_name).collect();
        if old.is_empty() {
            return Ok(());
        }
        let lock = format!(
            "SET LOCAL lock_timeout = '500ms'; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
            old.join(", ")
        );
        let began = Instant::now();
        loop {
            self.run("SAVEPOINT before_readers")?;
            let Err(error) = self.runtime.block_on(self.client.batch_execute(&lock)) else {
                return self.run(tables::PATIENCE);
            };
            let is_taken = error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE);
            if !is_taken || began.elapsed() > READERS {
                return Err(refused(&self.place, &error).into());
            }
            self.run("ROLLBACK TO SAVEPOINT before_readers")?;
            std::thread::sleep(PAUSE);
        }
    }

    /// The tables, each with the one it replaces.
    fn tables(&self, source: &Source<'_>, what: &[What]) -> Result<Vec<Table>> {
        let needs_vectors = what.iter().any(|&what| what != What::Lists);
        let extension = match needs_vectors {
            true => Some(self.extension()?),
            false => None,
        };
        let table = |&what: &What| -> Result<Table> {
            let dim = match what {
                What::Lists => 0,
                What::Items | What::Users => source.vectors(what)?.dim,
            };
            let has_hnsw = what == What::Items && self.layout.has_hnsw;
            if has_hnsw && dim > HNSW_DIM_MAX {
                return Err(StoreError::Usage(format!(
                    "pgvector indexes vectors of up to {HNSW_DIM_MAX} numbers, and these have {dim}; leave out `--index hnsw`"
                ))
                .into());
            }
            let name = format!("{}_{}", self.layout.name, what.name());
            let found = self
                .runtime
                .block_on(tables::old(&self.client, &self.schema, &name));
            let old = found.map_err(|error| refused(&self.place, &error))?;
            if old.as_ref().is_some_and(|old| !old.is_ours) {
                return Err(StoreError::failed(
                    &format!("{}, table {}.{name}", self.place, self.schema),
                    "it was not made by an export of Sagebrush",
                    "rename it, or choose another beginning of names with `--name NAME`",
                )
                .into());
            }
            Ok(Table {
                schema: self.schema.clone(),
                name,
                what,
                types: source.types(),
                has_titles: source.recommender.has_titles(),
                dim,
                has_hnsw,
                extension: extension.clone(),
                old,
            })
        };
        what.iter().map(table).collect()
    }

    /// The extension of vectors.
    fn extension(&self) -> Result<Extension> {
        let found = self.runtime.block_on(tables::extension(&self.client));
        match found.map_err(|error| refused(&self.place, &error))? {
            (Some(extension), _) => Ok(extension),
            (None, is_installed) => {
                let remedy = match is_installed {
                    true => "run `CREATE EXTENSION vector` there, as a user who may",
                    false => {
                        "install pgvector on the server and run `CREATE EXTENSION vector`, or export its lists with `--what lists`, which need no extension"
                    }
                };
                Err(StoreError::failed(
                    &self.place,
                    "the database has no extension `vector`",
                    remedy,
                )
                .into())
            }
        }
    }

    /// Makes the new table of a part; how many rows it has.
    fn fill(&self, source: &Source<'_>, table: &Table, observer: &dyn Observer) -> Result<usize> {
        let place = format!("{}, table {}", self.place, table.full_name());
        let fail = |error: tokio_postgres::Error| refused(&place, &error);
        self.runtime
            .block_on(table.create(&self.client))
            .map_err(fail)?;
        let sent = match table.what {
            What::Lists => {
                self.runtime
                    .block_on(fill::lists(&self.client, table, source, observer, &place))?
            }
            What::Items | What::Users => {
                let vectors = source.vectors(table.what)?;
                vectors.tell(observer);
                let filled = fill::vectors(&self.client, table, source, &vectors, observer);
                self.runtime.block_on(filled).map_err(fail)?
            }
        };
        self.runtime
            .block_on(table.index(&self.client))
            .map_err(fail)?;
        let found = self
            .runtime
            .block_on(table.count(&self.client))
            .map_err(fail)?;
        if found != sent {
            return Err(StoreError::Count { place, sent, found }.into());
        }
        Ok(sent)
    }

    fn run(&self, statement: &str) -> Result<()> {
        let done = self.runtime.block_on(self.client.batch_execute(statement));
        Ok(done.map_err(|error| refused(&self.place, &error))?)
    }
}
