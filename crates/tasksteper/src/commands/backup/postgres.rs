//! PostgreSQL's records, kept and brought back by PostgreSQL's own tools: `pg_dump`, `pg_restore`, `psql`.
//!
//! `pg_dump` reads one snapshot and blocks nobody. A password never stands on a command line, where everybody could read
//! it: what the address holds travels in `PGPASSWORD`; without one the tools look into `~/.pgpass` by themselves.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
};

use app::keep::Facts;

use super::super::Refusal;

/// The table in which the version of the schema stands.
const HISTORY: &str = "refinery_schema_history";
/// Every table that is there and belongs to no extension.
const TABLES: &str = "select quote_ident(n.nspname) || '.' || quote_ident(c.relname) from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' and c.relkind in ('r', 'p')
    and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e') order by 1";

/// How a server is reached.
pub(super) struct Server {
    address: String,
    password: Option<String>,
}

impl Server {
    /// Takes the password out of `postgres://user:password@host/name`.
    pub(super) fn new(url: &str) -> Result<Server, Refusal> {
        let refused = || Refusal::Usage("--database: give an address like postgres://user@host/name".to_owned());
        let (scheme, rest) = url.split_once("://").ok_or_else(refused)?;
        if !["postgres", "postgresql"].contains(&scheme) {
            return Err(refused());
        }
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let Some((who, host)) = authority.rsplit_once('@') else {
            return Ok(Server { address: url.to_owned(), password: None });
        };
        let Some((user, password)) = who.split_once(':') else {
            return Ok(Server { address: url.to_owned(), password: None });
        };
        let password = percent_encoding::percent_decode_str(password).decode_utf8_lossy().into_owned();
        Ok(Server { address: format!("{scheme}://{user}@{host}{path}"), password: Some(password) })
    }

    /// Dumps the records as they are at one moment.
    pub(super) fn dump(&self, to: &Path) -> Result<(), Refusal> {
        let mut tool = self.tool("pg_dump");
        tool.args(["--format=custom", "--no-owner", "--no-privileges"]).arg("--file").arg(to);
        run(tool, "pg_dump").map(drop)
    }

    /// Whether nothing is in the database.
    pub(super) fn is_empty(&self) -> Result<bool, Refusal> {
        Ok(self.ask(TABLES)?.trim().is_empty())
    }

    /// Puts a dump into the empty database, all of it or nothing.
    pub(super) fn restore(&self, from: &Path) -> Result<(), Refusal> {
        let mut tool = self.tool("pg_restore");
        tool.args(["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]).arg(from);
        run(tool, "pg_restore").map(drop)
    }

    /// How many rows each table has.
    pub(super) fn rows(&self) -> Result<BTreeMap<String, u64>, Refusal> {
        let mut rows = BTreeMap::new();
        for table in self.ask(TABLES)?.lines() {
            let count = self.ask(&format!("select count(*) from {table}"))?;
            let count = count.trim().parse().map_err(|_| Refusal::Refused(format!("psql counts {count:?} rows")))?;
            rows.insert(plain(table).to_owned(), count);
        }
        Ok(rows)
    }

    fn ask(&self, sql: &str) -> Result<String, Refusal> {
        let mut tool = self.tool("psql");
        tool.args(["--no-psqlrc", "--tuples-only", "--no-align", "--set=ON_ERROR_STOP=1", "--command", sql]);
        run(tool, "psql")
    }

    fn tool(&self, name: &str) -> Command {
        let mut tool = tool(name);
        tool.arg("--no-password").arg("--dbname").arg(&self.address);
        if let Some(password) = &self.password {
            tool.env("PGPASSWORD", password);
        }
        if std::env::var_os("PGCONNECT_TIMEOUT").is_none() {
            tool.env("PGCONNECT_TIMEOUT", "10");
        }
        tool
    }
}

/// Counts what a dump holds: `pg_restore` unpacks every byte of it.
pub(super) fn count(dump: &Path) -> Result<Facts, Refusal> {
    let mut reader = tool("pg_restore");
    reader.args(["--data-only", "--file=-"]).arg(dump);
    let mut child =
        reader.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|error| missing("pg_restore", &error))?;
    let broken = |what: &str| Refusal::Refused(format!("the dump of PostgreSQL cannot be read: {what}"));
    let mut complaints = child.stderr.take().ok_or_else(|| broken("no stderr"))?;
    let listening = std::thread::spawn(move || {
        let mut text = String::new();
        let _ = complaints.read_to_string(&mut text);
        text
    });
    let mut output = BufReader::new(child.stdout.take().ok_or_else(|| broken("no stdout"))?);
    let (mut facts, mut table, mut line) = (Facts { schema_version: 0, rows: BTreeMap::new() }, None, Vec::new());
    while output.read_until(b'\n', &mut line).map_err(|error| broken(&error.to_string()))? > 0 {
        let text = String::from_utf8_lossy(&line);
        let text = text.trim_end_matches('\n');
        match &table {
            None => {
                if let Some(name) = text.strip_prefix("COPY ").and_then(|rest| rest.split_once(" (")) {
                    facts.rows.insert(plain(name.0).to_owned(), 0);
                    table = Some(plain(name.0).to_owned());
                }
            }
            Some(_) if text == "\\." => table = None,
            Some(name) => {
                if name == HISTORY {
                    let version = text.split('\t').next().and_then(|version| version.parse().ok());
                    facts.schema_version = facts.schema_version.max(version.unwrap_or(0));
                }
                *facts.rows.entry(name.clone()).or_default() += 1;
            }
        }
        line.clear();
    }
    let status = child.wait().map_err(|error| broken(&error.to_string()))?;
    let said = listening.join().unwrap_or_default();
    if !status.success() {
        return Err(broken(said.trim()));
    }
    if facts.schema_version == 0 {
        return Err(broken("it holds no records of this program"));
    }
    Ok(facts)
}

/// A table's name without its schema, where that is the usual one.
fn plain(table: &str) -> &str {
    table.strip_prefix("public.").unwrap_or(table)
}

fn tool(name: &str) -> Command {
    let mut tool = Command::new(name);
    // What the tools say is looked into.
    tool.env("LC_ALL", "C").stdin(Stdio::null());
    tool
}

/// Runs a tool to its end: its stdout.
fn run(mut tool: Command, name: &str) -> Result<String, Refusal> {
    let output = tool.output().map_err(|error| missing(name, &error))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let hint = if said.contains("server version mismatch") || said.contains("unsupported version") {
        "\nit is older than the server, or than what made the backup: install PostgreSQL's client tools of the server's version or a newer one"
    } else {
        ""
    };
    Err(Refusal::Refused(format!("{}{hint}", said.trim())))
}

fn missing(name: &str, error: &std::io::Error) -> Refusal {
    Refusal::Refused(if error.kind() == std::io::ErrorKind::NotFound {
        format!(
            "{name} is not on the PATH: install PostgreSQL's client tools (Debian: postgresql-client) of the server's version or a newer one"
        )
    } else {
        format!("{name} cannot be run: {error}")
    })
}
