//! Keeping: `backup` and `restore`.
//!
//! A backup is read back before it gets its name, and looked through before it becomes an installation: a file that is there
//! can be restored. What an engine adds is how its records become one file and how one looks into it: `app::keep` for
//! SQLite, [`postgres`] for PostgreSQL.

pub(super) mod bar;
mod container;
mod postgres;

use std::{
    collections::BTreeMap,
    fs::{self, File, TryLockError},
    io,
    os::unix::fs::DirBuilderExt as _,
    path::Path,
};

use app::keep::{self, Facts};
use container::{Broken, Engine, Manifest};

use super::{Done, Refusal, from_error, say, tell, zone};
use crate::{
    cli::{Backup, Restore},
    surroundings::now,
};

/// Begins the names of directories in which something is being made; one that is found later belongs to a run that died.
const TEMPORARY: &str = ".tasksteper-keeping-";

/// Makes a backup.
pub(super) fn backup(command: &Backup) -> Done {
    let (file, data) = (&command.file, &command.data.data);
    let server = server(&command.data)?;
    check_target(file, command.force, data)?;
    if server.is_none() && keep::found(data).is_none() {
        return Err(Refusal::Refused(format!("{}: there is no installation here", data.display())));
    }
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let work = work_in(folder)?;
    let manifest = dump(data, server.as_ref(), work.path())?;
    let made =
        tempfile::Builder::new().prefix("made-").tempfile_in(work.path()).map_err(|error| no_write(folder, &error))?;
    let bar = bar::bytes("compressing", manifest.bytes());
    container::write(made.as_file(), &manifest, work.path(), |bytes| bar.inc(bytes))
        .map_err(|error| no_write(file, &error))?;
    bar.finish_and_clear();
    // What was dumped goes first: there need not be room for it twice.
    fs::remove_file(work.path().join(manifest.records())).map_err(|error| no_write(folder, &error))?;
    let read = unpack(made.path(), work.path(), &manifest, file)?;
    if read != manifest {
        return Err(Refusal::Refused(format!("{}: what was read back is not what was written", file.display())));
    }
    let size = made.as_file().metadata().map_or(0, |made| made.len());
    let kept = if command.force { made.persist(file) } else { made.persist_noclobber(file) };
    kept.map_err(|error| match error.error.kind() {
        io::ErrorKind::AlreadyExists => exists(file),
        _ => no_write(file, &error.error),
    })?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| no_write(folder, &error))?;
    let items = manifest.rows.get("item").copied().unwrap_or(0);
    say(format_args!("backed up {items} items to {} ({size} bytes), and read it back", file.display()));
    Ok(())
}

/// Makes an installation from a backup.
pub(super) fn restore(command: &Restore) -> Done {
    let (file, data) = (&command.file, &command.data.data);
    let server = server(&command.data)?;
    if file == Path::new("-") {
        return Err(Refusal::Usage("a backup is read from a file, not from standard input".to_owned()));
    }
    match fs::metadata(file) {
        Ok(found) if found.is_dir() => {
            return Err(Refusal::Refused(format!("{} is a directory, not a backup", file.display())));
        }
        Ok(_) => {}
        Err(error) => return Err(Refusal::Refused(format!("{} cannot be read: {error}", file.display()))),
    }
    let manifest = container::manifest(file).map_err(|broken| cannot_use(file, broken))?;
    fits(&manifest, server.is_some(), file)?;
    let rows = match server {
        Some(server) => into_server(&server, &manifest, file)?,
        None => into_directory(data, &manifest, file)?,
    };
    let items = rows.get("item").copied().unwrap_or(0);
    let newest = keep::newest_schema();
    say(format_args!("restored {items} items as of {} from {}", manifest.made_at, file.display()));
    if manifest.schema_version < newest {
        let old = manifest.schema_version;
        say(format_args!("its tables are of version {old}: the next start brings them up to version {newest}"));
    }
    Ok(())
}

/// Where the records are, if not in the data directory.
fn server(data: &crate::cli::Data) -> Result<Option<postgres::Server>, Refusal> {
    match data.records.database.as_deref().filter(|url| !url.is_empty()) {
        Some(url) => postgres::Server::new(url).map(Some),
        None => zone(&data.records).map(|_| None),
    }
}

/// Refuses names to which no backup can or should be written.
fn check_target(file: &Path, force: bool, data: &Path) -> Done {
    if file == Path::new("-") {
        return Err(Refusal::Usage(
            "a backup is read back before it gets its name, so it is written to a file, not to standard output"
                .to_owned(),
        ));
    }
    let Some(name) = file.file_name() else {
        return Err(Refusal::Refused(format!("{} names no file", file.display())));
    };
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = folder.canonicalize().map_err(|error| no_write(folder, &error))?;
    if data.canonicalize().is_ok_and(|data| data == folder) && name.to_string_lossy().starts_with(keep::FILE) {
        return Err(Refusal::Refused(format!("{} is where the records themselves are", file.display())));
    }
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(no_write(file, &error)),
        Ok(found) if found.is_dir() => {
            Err(Refusal::Refused(format!("{} is a directory: name a file in it", file.display())))
        }
        Ok(found) if !found.is_file() => {
            Err(Refusal::Refused(format!("{} is no ordinary file: it is left as it is", file.display())))
        }
        Ok(_) if !force => Err(exists(file)),
        Ok(_) => Ok(()),
    }
}

/// The records as one file in `work`, and what a backup of it will say.
fn dump(data: &Path, server: Option<&postgres::Server>, work: &Path) -> Result<Manifest, Refusal> {
    let engine = if server.is_some() { Engine::Postgres } else { Engine::Sqlite };
    let made_at = now();
    let mut manifest = Manifest::new(made_at, engine, 0, BTreeMap::new(), Vec::new());
    let to = work.join(manifest.records());
    match server {
        Some(server) => {
            let bar = bar::waiting("pg_dump");
            server.dump(&to)?;
            bar.finish_and_clear();
        }
        None => {
            let bar = bar::bytes("copying", 0);
            keep::copy(data, &to, |done, pages| {
                bar.set_length(pages * 4096);
                bar.set_position(done * 4096);
            })
            .map_err(|error| match error.no_room() {
                true => no_write(work.parent().unwrap_or(work), &io::Error::from(io::ErrorKind::StorageFull)),
                false => Refusal::Refused(format!("{}: {}", data.display(), from_error(&error))),
            })?;
            bar.finish_and_clear();
        }
    }
    let facts = count(engine, &to)?;
    let (found, known) = (facts.schema_version, keep::newest_schema());
    if found > known {
        // SQLite's copy was refused already; PostgreSQL's tools know nothing of it.
        return Err(Refusal::Refused(format!(
            "the database is of schema version {found}, this program knows {known}: use the newer program"
        )));
    }
    let bar = bar::bytes("summing up", fs::metadata(&to).map_or(0, |file| file.len()));
    let member = container::measure(work, manifest.records(), |bytes| bar.inc(bytes))
        .map_err(|error| Refusal::Refused(format!("{} cannot be read: {error}", to.display())))?;
    bar.finish_and_clear();
    manifest.schema_version = facts.schema_version;
    manifest.rows = facts.rows;
    manifest.members.push(member);
    Ok(manifest)
}

/// What a file with records holds.
fn count(engine: Engine, file: &Path) -> Result<Facts, Refusal> {
    let bar = bar::waiting("counting");
    let facts = match engine {
        Engine::Sqlite => keep::count(file).map_err(|error| Refusal::Refused(from_error(&error))),
        Engine::Postgres => postgres::count(file),
    };
    bar.finish_and_clear();
    facts
}

/// Unpacks a backup into `work`, and looks through what came out: it must be what `manifest` says. `file`: how people know it.
fn unpack(backup: &Path, work: &Path, manifest: &Manifest, file: &Path) -> Result<Manifest, Refusal> {
    let bar = bar::bytes("reading back", manifest.bytes());
    let read = container::read(backup, work, |bytes| bar.inc(bytes)).map_err(|broken| match broken {
        Broken::Io(error) => no_write(work.parent().unwrap_or(work), &error),
        broken => cannot_use(file, broken),
    })?;
    bar.finish_and_clear();
    let records = work.join(read.records());
    if read.engine == Engine::Sqlite {
        let bar = bar::waiting("checking");
        keep::examine(&records).map_err(|error| Refusal::Refused(from_error(&error)))?;
        bar.finish_and_clear();
    }
    let facts = count(read.engine, &records)?;
    if facts.rows != read.rows || facts.schema_version != read.schema_version {
        return Err(Refusal::Refused(format!("{}: its records are not those that it names", file.display())));
    }
    Ok(read)
}

/// Refuses what this program, or the engine asked for, cannot take.
fn fits(manifest: &Manifest, to_server: bool, file: &Path) -> Done {
    let (found, known) = (manifest.schema_version, keep::newest_schema());
    let refused = |text: String| Err(Refusal::Refused(format!("{}: {text}", file.display())));
    if found > known {
        return refused(format!(
            "it was made by a newer program ({}): its tables are of version {found}, this program knows {known}; restore it with the newer program",
            manifest.program
        ));
    }
    match (manifest.engine, to_server) {
        (Engine::Sqlite, true) => {
            refused("its records are SQLite's: restore them into a data directory, without --database".to_owned())
        }
        (Engine::Postgres, false) => {
            refused("its records are PostgreSQL's: say with --database postgres://… where they go".to_owned())
        }
        _ => Ok(()),
    }
}

/// Everything is made and checked beside its place in the directory; its name comes last.
fn into_directory(data: &Path, manifest: &Manifest, file: &Path) -> Result<BTreeMap<String, u64>, Refusal> {
    vacant(data)?;
    let made = !data.exists();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(|error| no_write(data, &error))?;
    let result = (|| {
        let work = work_in(data)?;
        let read = unpack(file, work.path(), manifest, file)?;
        let turn = keep::hold(data)
            .map_err(|error| Refusal::Refused(format!("{}: {}", data.display(), from_error(&error))))?;
        // A server may have begun an installation here meanwhile.
        vacant(data)?;
        fs::rename(work.path().join(read.records()), data.join(keep::FILE)).map_err(|error| no_write(data, &error))?;
        turn.sync_all().map_err(|error| no_write(data, &error))?;
        Ok(read.rows)
    })();
    if made && result.is_err() {
        // Left as it was found; whatever came into it meanwhile keeps it there.
        let _ = fs::remove_dir(data);
    }
    result
}

fn into_server(server: &postgres::Server, manifest: &Manifest, file: &Path) -> Result<BTreeMap<String, u64>, Refusal> {
    if !server.is_empty()? {
        return Err(Refusal::Refused(
            "the database holds tables already: restore into an empty one (createdb), or drop what is there first"
                .to_owned(),
        ));
    }
    let work = work_in(&std::env::temp_dir())?;
    let read = unpack(file, work.path(), manifest, file)?;
    let bar = bar::waiting("pg_restore");
    server.restore(&work.path().join(read.records()))?;
    bar.finish_and_clear();
    let rows = server.rows()?;
    if rows != read.rows {
        return Err(Refusal::Refused(
            "what the database holds now is not what the backup names: do not use it".to_owned(),
        ));
    }
    Ok(rows)
}

/// Refuses a directory that holds an installation.
fn vacant(data: &Path) -> Done {
    match keep::found(data) {
        None => Ok(()),
        Some(name) => Err(Refusal::Refused(format!(
            "{} holds an installation already ({name}): restore into another directory with --data, or stop the server and move that one away first",
            data.display()
        ))),
    }
}

/// A directory of one's own in which something is made.
struct Work {
    directory: tempfile::TempDir,
    /// Locked while this run lives: what is not is a dead one's. None where the file system locks nothing.
    _alive: Option<File>,
}

impl Work {
    fn path(&self) -> &Path {
        self.directory.path()
    }
}

fn work_in(folder: &Path) -> Result<Work, Refusal> {
    clear(folder);
    loop {
        let made = tempfile::Builder::new().prefix(TEMPORARY).tempdir_in(folder);
        let directory = made.map_err(|error| no_write(folder, &error))?;
        let alive = File::open(directory.path()).ok();
        match alive.as_ref().map(File::try_lock) {
            Some(Ok(())) if directory.path().exists() => return Ok(Work { directory, _alive: alive }),
            Some(Err(TryLockError::Error(_))) | None => return Ok(Work { directory, _alive: None }),
            // Another run took it for a dead one's before it was locked.
            Some(Ok(()) | Err(TryLockError::WouldBlock)) => {}
        }
    }
}

/// Removes what runs that were killed have left in the folder. Where that cannot be, it stays.
fn clear(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(TEMPORARY);
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        let held = File::open(entry.path());
        if held.is_ok_and(|held| held.try_lock().is_ok() && fs::remove_dir_all(entry.path()).is_ok()) {
            tell(format_args!("removed {}, left by a run that was killed", entry.path().display()));
        }
    }
}

fn exists(file: &Path) -> Refusal {
    Refusal::Refused(format!("{} exists already: give another name, or --force to replace it", file.display()))
}

fn no_write(path: &Path, error: &io::Error) -> Refusal {
    let what = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
            "there is no room left (or a quota or size limit is reached)".to_owned()
        }
        io::ErrorKind::NotFound => "there is no such directory".to_owned(),
        _ => error.to_string(),
    };
    Refusal::Refused(format!("{} cannot be written: {what}", path.display()))
}

fn cannot_use(file: &Path, broken: Broken) -> Refusal {
    let what = match broken {
        Broken::NoBackup => "this is no backup of TaskSteper".to_owned(),
        Broken::Newer(format) => {
            format!("it was made by a newer program (format {format}): restore it with that one")
        }
        Broken::Damaged(what) => format!("the backup is damaged ({what}): nothing was restored; take another one"),
        Broken::Io(error) => format!("it cannot be read: {error}"),
    };
    Refusal::Refused(format!("{}: {what}", file.display()))
}
