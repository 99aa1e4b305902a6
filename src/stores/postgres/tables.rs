//! The tables of an export and their statements.

use tokio_postgres::types::{Oid, Type};
use tokio_postgres::{Client, Error};

use crate::export::KeyTypes;
use crate::stores::content::What;

/// The comment of a table that an export made begins with this.
const MARK: &str = "sagebrush export ";
/// How long an export waits for another one, and for readers of the table that it replaces.
pub(super) const PATIENCE: &str = "SET LOCAL lock_timeout = '60s'";

/// Where pgvector lives.
#[derive(Debug, Clone)]
pub(super) struct Extension {
    schema: String,
}

/// A table that is there.
#[derive(Debug)]
pub(super) struct Old {
    oid: Oid,
    pub(super) is_ours: bool,
}

/// A table that is written.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) schema: String,
    pub(super) name: String,
    pub(super) what: What,
    pub(super) types: KeyTypes,
    pub(super) has_titles: bool,
    /// Numbers of a vector.
    pub(super) dim: usize,
    pub(super) has_hnsw: bool,
    pub(super) extension: Option<Extension>,
    /// What it replaces.
    pub(super) old: Option<Old>,
}

/// The schema in which tables are made.
pub(super) async fn schema(client: &Client) -> Result<Option<String>, Error> {
    let row = client
        .query_one("SELECT current_schema()::text", &[])
        .await?;
    row.try_get(0)
}

/// The extension where the database has it, and whether the server could have it.
pub(super) async fn extension(client: &Client) -> Result<(Option<Extension>, bool), Error> {
    let found = client
        .query_opt(
            "SELECT n.nspname::text FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'vector'",
            &[],
        )
        .await?;
    let extension = found.map(|row| row.try_get(0)).transpose()?;
    let could = client
        .query_opt(
            "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'",
            &[],
        )
        .await?;
    Ok((
        extension.map(|schema| Extension { schema }),
        could.is_some(),
    ))
}

/// What goes by a name.
pub(super) async fn old(client: &Client, schema: &str, name: &str) -> Result<Option<Old>, Error> {
    let found = client
        .query_opt(
            "SELECT c.oid, c.relkind = 'r' AND coalesce(starts_with(obj_description(c.oid, 'pg_class'), $3), false) \
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2",
            &[&schema, &name, &MARK],
        )
        .await?;
    let old = |row: tokio_postgres::Row| {
        Ok(Old {
            oid: row.try_get(0)?,
            is_ours: row.try_get(1)?,
        })
    };
    found.map(old).transpose()
}

/// Whether the transaction got the lock of this name.
pub(super) async fn try_lock(client: &Client, key: &str) -> Result<bool, Error> {
    let asked = "SELECT pg_try_advisory_xact_lock(hashtextextended($1, 0))";
    client.query_one(asked, &[&key]).await?.try_get(0)
}

/// Waits for it.
pub(super) async fn lock(client: &Client, key: &str) -> Result<(), Error> {
    let asked = "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))";
    client.query_one(asked, &[&key]).await.map(|_| ())
}

/// A name as SQL has it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as SQL has it.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Table {
    pub(super) fn full_name(&self) -> String {
        format!("{}.{}", self.schema, self.name)
    }

    /// The table that is replaced, as SQL has it.
    pub(super) fn old_name(&self) -> Option<String> {
        self.old.as_ref().map(|_| self.of(&self.name))
    }

    fn of(&self, name: &str) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(name))
    }

    /// What it is called until it takes the place of the old one.
    fn new_name(&self) -> String {
        format!("{}_new", self.name)
    }

    /// Something of pgvector.
    fn of_extension(&self, name: &str) -> String {
        match &self.extension {
            Some(extension) => format!("{}.{name}", quoted(&extension.schema)),
            None => name.to_owned(),
        }
    }

    /// Columns with their types.
    fn columns(&self) -> Vec<(&'static str, String)> {
        let key = |is_number| {
            if is_number {
                "bigint NOT NULL"
            } else {
                "text NOT NULL"
            }
            .to_owned()
        };
        let user = ("user_id", key(self.types.users_are_numbers));
        let item = ("item_id", key(self.types.items_are_numbers));
        let vector = || format!("{}({}) NOT NULL", self.of_extension("vector"), self.dim);
        let title = self.has_titles.then(|| ("title", "text".to_owned()));
        let mut columns = match self.what {
            What::Users => return vec![user, ("embedding", vector())],
            What::Items => vec![item, ("embedding", vector())],
            What::Lists => vec![
                user,
                ("rank", "integer NOT NULL".to_owned()),
                item,
                ("score", "real NOT NULL".to_owned()),
            ],
        };
        columns.extend(title);
        if self.what == What::Lists {
            columns.push(("source", "text NOT NULL".to_owned()));
        }
        columns
    }

    /// The types of the columns as they are sent.
    pub(super) async fn column_types(&self, client: &Client) -> Result<Vec<Type>, Error> {
        let all = client
            .prepare(&format!("SELECT * FROM {}", self.of(&self.new_name())))
            .await?;
        Ok(all
            .columns()
            .iter()
            .map(|column| column.type_().clone())
            .collect())
    }

    /// Makes the new table beside the old one.
    pub(super) async fn create(&self, client: &Client) -> Result<(), Error> {
        let columns = self
            .columns()
            .into_iter()
            .map(|(name, kind)| format!("{name} {kind}"));
        let columns: Vec<String> = columns.collect();
        let new = self.of(&self.new_name());
        client
            .batch_execute(&format!("CREATE TABLE {new} ({})", columns.join(", ")))
            .await
    }

    /// The statement that takes rows.
    pub(super) fn copy(&self) -> String {
        let names: Vec<&str> = self.columns().iter().map(|(name, _)| *name).collect();
        let new = self.of(&self.new_name());
        format!("COPY {new} ({}) FROM STDIN BINARY", names.join(", "))
    }

    /// Indexes the new table, and tells the planner what it holds.
    pub(super) async fn index(&self, client: &Client) -> Result<(), Error> {
        let new = self.of(&self.new_name());
        let key = match self.what {
            What::Lists => "user_id, rank",
            What::Items => "item_id",
            What::Users => "user_id",
        };
        let primary = quoted(&format!("{}_pkey", self.new_name()));
        let mut statements =
            format!("ALTER TABLE {new} ADD CONSTRAINT {primary} PRIMARY KEY ({key});");
        if self.has_hnsw {
            let name = quoted(&format!("{}_hnsw", self.new_name()));
            let by = self.of_extension("vector_ip_ops");
            statements += &format!("CREATE INDEX {name} ON {new} USING hnsw (embedding {by});");
        }
        statements += &format!("ANALYZE {new}");
        client.batch_execute(&statements).await
    }

    pub(super) async fn count(&self, client: &Client) -> Result<usize, Error> {
        let asked = format!("SELECT count(*) FROM {}", self.of(&self.new_name()));
        let rows: i64 = client.query_one(&asked, &[]).await?.try_get(0)?;
        Ok(usize::try_from(rows).unwrap_or_default())
    }

    /// Puts the new table in the place of the old one, whose grants it takes over.
    pub(super) async fn switch(&self, client: &Client, about: &str) -> Result<(), Error> {
        let new = self.of(&self.new_name());
        let mut statements = String::new();
        if let Some(old) = &self.old {
            for grant in self.grants(client, old).await? {
                statements += &format!("{grant};");
            }
            statements += &format!("DROP TABLE {};", self.of(&self.name));
        }
        statements += &format!("ALTER TABLE {new} RENAME TO {};", quoted(&self.name));
        let mut endings = vec!["pkey"];
        endings.extend(self.has_hnsw.then_some("hnsw"));
        for ending in endings {
            let before = self.of(&format!("{}_{ending}", self.new_name()));
            let after = quoted(&format!("{}_{ending}", self.name));
            statements += &format!("ALTER INDEX {before} RENAME TO {after};");
        }
        let comment = literal(&format!("{MARK}{about}"));
        statements += &format!("COMMENT ON TABLE {} IS {comment}", self.of(&self.name));
        client.batch_execute(&statements).await
    }

    /// Statements that give the new table the rights that others have on the old one.
    async fn grants(&self, client: &Client, old: &Old) -> Result<Vec<String>, Error> {
        let asked = "SELECT a.privilege_type::text, a.is_grantable, \
                     CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END \
                     FROM pg_class c, aclexplode(c.relacl) a WHERE c.oid = $1 AND a.grantee <> c.relowner";
        let rows = client.query(asked, &[&old.oid]).await?;
        let grant = |row: &tokio_postgres::Row| -> Result<String, Error> {
            let (right, is_grantable): (String, bool) = (row.try_get(0)?, row.try_get(1)?);
            let whom: String = row.try_get(2)?;
            let option = if is_grantable {
                " WITH GRANT OPTION"
            } else {
                ""
            };
            Ok(format!(
                "GRANT {right} ON TABLE {} TO {whom}{option}",
                self.of(&self.new_name())
            ))
        };
        rows.iter().map(grant).collect()
    }
}
