//! The file of a backup: a tar, compressed with zstd, whose first member says what the others are.
//!
//! Any system can look into it: `tar --zstd -xf FILE`. To add a kind of member (attachments): list it in the manifest, say
//! what it is for in `read`, and put it in its place in `restore`.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, BufReader, BufWriter, Read, Write as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// What this program writes, and the newest that it reads.
const FORMAT: u64 = 1;
/// Says that it is one of ours.
const KIND: &str = "tasksteper-backup";
const MANIFEST: &str = "manifest.json";
/// A manifest lists files, it does not hold them.
const MANIFEST_BYTES: u64 = 16 << 20;
/// How a zstd file begins.
const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// SQLite's file, and PostgreSQL's dump.
pub(super) const MEMBERS: [&str; 2] = ["tasksteper.db", "tasksteper.pgdump"];

/// What a backup is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) kind: String,
    pub(super) format: u64,
    /// The version of the program that made it.
    pub(super) program: String,
    pub(super) made_at: jiff::Timestamp,
    pub(super) engine: Engine,
    pub(super) schema_version: i64,
    /// How many rows each table has.
    pub(super) rows: BTreeMap<String, u64>,
    pub(super) members: Vec<Member>,
}

/// Where the records were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Engine {
    Sqlite,
    Postgres,
}

/// A file in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) name: String,
    pub(super) size_bytes: u64,
    pub(super) sha256: String,
}

/// Why a backup cannot be used.
#[derive(Debug)]
pub(super) enum Broken {
    /// It is something else.
    NoBackup,
    /// A newer program made it.
    Newer(u64),
    /// It is not as it was written: cut off, changed.
    Damaged(String),
    /// It cannot be read, or what is in it cannot be written.
    Io(io::Error),
}

impl Manifest {
    pub(super) fn new(
        made_at: jiff::Timestamp,
        engine: Engine,
        schema_version: i64,
        rows: BTreeMap<String, u64>,
        members: Vec<Member>,
    ) -> Manifest {
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Manifest { kind: KIND.to_owned(), format: FORMAT, program, made_at, engine, schema_version, rows, members }
    }

    /// The member with the records.
    pub(super) fn records(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite => MEMBERS[0],
            Engine::Postgres => MEMBERS[1],
        }
    }

    pub(super) fn bytes(&self) -> u64 {
        self.members.iter().map(|member| member.size_bytes).sum()
    }
}

/// Reads the file `name` of the folder through: its size and checksum.
pub(super) fn measure(folder: &Path, name: &str, mut progress: impl FnMut(u64)) -> io::Result<Member> {
    let mut file = File::open(folder.join(name))?;
    let mut hash = Sha256::new();
    let size_bytes = pump(&mut file, |bytes| {
        hash.update(bytes);
        progress(bytes.len() as u64);
        Ok(())
    })?;
    Ok(Member { name: name.to_owned(), size_bytes, sha256: hex(hash) })
}

/// Writes a backup of the folder's files into `to`, and waits until it is on disk.
pub(super) fn write(to: &File, manifest: &Manifest, folder: &Path, progress: impl FnMut(u64)) -> io::Result<()> {
    let mut compressed = zstd::stream::write::Encoder::new(BufWriter::new(to), zstd::DEFAULT_COMPRESSION_LEVEL)?;
    compressed.include_checksum(true)?;
    let mut tar = tar::Builder::new(compressed);
    let header = |size: u64| {
        let mut header = tar::Header::new_gnu();
        header.set_size(size);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(manifest.made_at.as_second()).unwrap_or(0));
        header
    };
    let text = serde_json::to_vec_pretty(manifest)?;
    tar.append_data(&mut header(text.len() as u64), MANIFEST, text.as_slice())?;
    let mut progress = progress;
    for member in &manifest.members {
        let file = Counted { file: File::open(folder.join(&member.name))?, progress: &mut progress };
        tar.append_data(&mut header(member.size_bytes), &member.name, file.take(member.size_bytes))?;
    }
    tar.into_inner()?.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
    to.sync_all()
}

/// Reads only what says what is in it.
pub(super) fn manifest(from: &Path) -> Result<Manifest, Broken> {
    let mut tar = open(from)?;
    let first = tar.entries().map_err(Broken::reading)?.next();
    read_manifest(first)
}

/// Reads a backup to its last byte, writes what is in it into the empty folder, and compares every checksum.
pub(super) fn read(from: &Path, folder: &Path, mut progress: impl FnMut(u64)) -> Result<Manifest, Broken> {
    let mut tar = open(from)?;
    let mut entries = tar.entries().map_err(Broken::reading)?;
    let manifest = read_manifest(entries.next())?;
    for member in &manifest.members {
        let mut entry = match entries.next() {
            Some(entry) => entry.map_err(Broken::reading)?,
            None => return Err(Broken::Damaged(format!("{} is missing in it", member.name))),
        };
        if entry.path_bytes().as_ref() != member.name.as_bytes() || !entry.header().entry_type().is_file() {
            return Err(Broken::Damaged(format!("{} is not where it should be", member.name)));
        }
        let mut options = File::options();
        let mut file =
            options.write(true).create_new(true).mode(0o600).open(folder.join(&member.name)).map_err(Broken::Io)?;
        let mut hash = Sha256::new();
        let mut refused = None;
        let size_bytes = pump(&mut entry, |bytes| {
            hash.update(bytes);
            progress(bytes.len() as u64);
            let written = file.write_all(bytes);
            written.inspect_err(|error| refused = Some(io::Error::from(error.kind())))
        })
        .map_err(|error| refused.take().map_or_else(|| Broken::reading(error), Broken::Io))?;
        file.sync_all().map_err(Broken::Io)?;
        if size_bytes != member.size_bytes || hex(hash) != member.sha256 {
            return Err(Broken::Damaged(format!("{} does not have its checksum", member.name)));
        }
    }
    if entries.next().is_some() {
        return Err(Broken::Damaged("more is in it than it says".to_owned()));
    }
    // The compression has a checksum of its own, behind the last byte.
    let mut rest = tar.into_inner();
    pump(&mut rest, |_| Ok(())).map_err(Broken::reading)?;
    Ok(manifest)
}

type Reader = zstd::stream::read::Decoder<'static, BufReader<File>>;

fn open(from: &Path) -> Result<tar::Archive<Reader>, Broken> {
    let mut start = Vec::new();
    File::open(from).map_err(Broken::Io)?.take(4).read_to_end(&mut start).map_err(Broken::Io)?;
    if start != MAGIC {
        return Err(Broken::NoBackup);
    }
    let file = File::open(from).map_err(Broken::Io)?;
    Ok(tar::Archive::new(zstd::stream::read::Decoder::new(file).map_err(Broken::Io)?))
}

fn read_manifest<R: Read>(entry: Option<io::Result<tar::Entry<R>>>) -> Result<Manifest, Broken> {
    let entry = match entry {
        None => return Err(Broken::NoBackup),
        Some(entry) => entry.map_err(Broken::reading)?,
    };
    if entry.path_bytes().as_ref() != MANIFEST.as_bytes() || entry.size() > MANIFEST_BYTES {
        return Err(Broken::NoBackup);
    }
    let mut text = Vec::new();
    entry.take(MANIFEST_BYTES).read_to_end(&mut text).map_err(Broken::reading)?;
    let value: serde_json::Value = serde_json::from_slice(&text).map_err(|_| Broken::NoBackup)?;
    if value["kind"] != KIND {
        return Err(Broken::NoBackup);
    }
    match value["format"].as_u64() {
        Some(FORMAT) => {}
        Some(format) if format > FORMAT => return Err(Broken::Newer(format)),
        _ => return Err(Broken::NoBackup),
    }
    let manifest: Manifest = serde_json::from_value(value).map_err(|error| Broken::Damaged(error.to_string()))?;
    let names: Vec<&str> = manifest.members.iter().map(|member| member.name.as_str()).collect();
    if names != [manifest.records()] {
        return Err(Broken::Damaged(format!("its members are {names:?}")));
    }
    Ok(manifest)
}

impl Broken {
    /// What the reading of the file says: most often that it is not as it was written.
    fn reading(error: io::Error) -> Broken {
        match error.raw_os_error() {
            Some(_) => Broken::Io(error),
            None if error.kind() == io::ErrorKind::UnexpectedEof => Broken::Damaged("it ends too early".to_owned()),
            None => Broken::Damaged(error.to_string()),
        }
    }
}

/// A file whose reading is told.
struct Counted<'p, P> {
    file: File,
    progress: &'p mut P,
}

impl<P: FnMut(u64)> Read for Counted<'_, P> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(buffer)?;
        (self.progress)(count as u64);
        Ok(count)
    }
}

/// Reads to the end, piece by piece: how many bytes.
fn pump(from: &mut impl Read, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<u64> {
    let mut buffer = vec![0; 256 << 10];
    let mut total = 0;
    loop {
        match from.read(&mut buffer) {
            Ok(0) => return Ok(total),
            Ok(count) => {
                total += count as u64;
                each(&buffer[..count])?;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn hex(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}
