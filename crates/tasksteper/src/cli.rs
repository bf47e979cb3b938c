//! The command line as people type it.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, Parser, Subcommand, ValueEnum};

/// A workflow tracker that a team hosts itself: matters, steps and people.
#[derive(Debug, Parser)]
#[command(
    name = "tasksteper",
    version,
    after_help = "Example:\n  tasksteper demo\n  tasksteper serve --data /srv/tasksteper --listen 127.0.0.1:8000"
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Try it: four flows, four users and some items to play with, served on loopback
    #[command(
        after_help = "Users: admin, engineer (维护人员), delegate (维护代表), architect (SE); password: tasksteper-demo\n\nExample:\n  tasksteper demo --listen 127.0.0.1:8080"
    )]
    Demo(Demo),
    /// Serve an installation over HTTP
    #[command(
        after_help = "Example:\n  tasksteper serve --data /srv/tasksteper --base-url https://tasks.example.com --trusted-proxy 127.0.0.1"
    )]
    Serve(Serve),
    /// Add, list, disable users and set their passwords
    #[command(
        subcommand,
        after_help = "Example:\n  echo 'a good password' | tasksteper user add ann --display 安妮 --group 维护 --password-stdin"
    )]
    User(User),
    /// List groups and who is in them
    #[command(subcommand, after_help = "Example:\n  tasksteper group list")]
    Group(Group),
    /// Make tokens for the API
    #[command(subcommand, after_help = "Example:\n  tasksteper token create ann --name script --expires 90d")]
    Token(Token),
    /// Check, publish, show and archive flows
    #[command(
        subcommand,
        after_help = "Example:\n  tasksteper flow check flows/*.toml\n  tasksteper flow apply flows/"
    )]
    Flow(Flow),
    /// Find items of all flows by words, IDs and conditions, best first
    #[command(
        after_help = "Prints a line for each item: its ID, its state, its title. Several words may be given one by one; what a shell would take apart stands in quotes.\n\nExample:\n  tasksteper search 单板 重启\n  tasksteper search 'state=关闭 updated>=-7d \"单板 重启\"' --flow issue_track"
    )]
    Search(Search),
    /// Move an installation to another place
    #[command(
        subcommand,
        after_help = "Example:\n  tasksteper data copy --from ./tasksteper-data --to postgres://tasks@db.example.com/tasks"
    )]
    Data(Moving),
    /// Keep everything in one file, while the server runs or not
    #[command(
        after_help = "The file is read back and checked before it gets its name. PostgreSQL's records are kept by its own pg_dump.\n\nExample:\n  tasksteper backup /backup/tasksteper-2026-11-22.tar.zst --data /srv/tasksteper"
    )]
    Backup(Backup),
    /// Make an installation from what backup kept
    #[command(
        after_help = "Everything is checked before anything is there. The directory must not hold an installation, the database no tables.\n\nExample:\n  tasksteper restore /backup/tasksteper-2026-11-22.tar.zst --data /srv/restored"
    )]
    Restore(Restore),
    /// Write a flow's items as a file: a workbook, CSV, JSON, or their history as XES
    #[command(
        after_help = "Columns are named by key or label, the ID as id; without --columns there are all of them, as import takes them again.\n\nExample:\n  tasksteper export issue_track --query 'issue_level=事故 created>=-30d' -o 事故.xlsx\n  tasksteper export issue_track --format csv --columns id,summary,current_state > issues.csv"
    )]
    Export(Export),
    /// Carry a workbook or CSV into a flow: new items, changes, records of a time before
    #[command(
        after_help = "The header names fields by label or key. Rows with an ID (or --key) change their items, others become new ones; a row that the rules refuse changes nothing and is said on stderr, the others are taken. The columns 当前状态, 当前处理人, 报告人, 创建时间, 更新时间 and 关闭时间 say where a new row's record stood before.\n\nExample:\n  tasksteper import issue_track issues.xlsx --dry-run\n  tasksteper import issue_track issues.csv --key 编号 --refused mend.xlsx"
    )]
    Import(Import),
    /// Write release notes: the items that reached a state between two days, by what each says of itself
    #[command(
        after_help = "Items that lack a note are listed on stderr. Administrators can change the layout on the flow's page of release notes.\n\nExample:\n  tasksteper release-notes issue_track --state 关闭 --from 2026-05-01 --to 2026-05-31 --group-by class_1 --query 'fixed_in=V2R1' -o notes.md"
    )]
    ReleaseNotes(ReleaseNotes),
    /// Measure: fill an installation with made-up items
    #[command(subcommand, after_help = "Example:\n  tasksteper bench load --items 100000 --data /tmp/big")]
    Bench(Bench),
}

/// `tasksteper flow migrate`
#[derive(Debug, Args)]
pub(crate) struct Migrate {
    /// The flow's key
    pub(crate) key: String,
    /// Not to the newest version but to this one
    #[arg(long, value_name = "N")]
    pub(crate) to: Option<i64>,
    /// What becomes of what is gone
    #[arg(long, value_name = "FILE")]
    pub(crate) map: Option<PathBuf>,
    /// Only tell what would become of every item
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Closed items go along
    #[arg(long)]
    pub(crate) closed: bool,
    /// Print the map that would be used, and what it still has to say
    #[arg(long)]
    pub(crate) print_map: bool,
    /// Take the newest migration back
    #[arg(long, conflicts_with_all = ["to", "map", "dry_run", "closed", "print_map"])]
    pub(crate) undo: bool,
    /// Who does it: an administrator; else the first one
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) actor: Option<String>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Moving {
    /// Copy everything into an empty place and compare every row; stop the servers first
    #[command(
        after_help = "Example:\n  tasksteper data copy --from ./tasksteper-data --to postgres://tasks@db.example.com/tasks\n  tasksteper data copy --from postgres://tasks@db.example.com/tasks --to ./back-again"
    )]
    Copy {
        /// What is copied: a data directory, or postgres://user@host/database
        #[arg(long, value_name = "DIR|URL")]
        from: String,
        /// Where to; nothing may be there yet
        #[arg(long, value_name = "DIR|URL")]
        to: String,
    },
    /// Spread the items over the workers of a Citus cluster, by flow; can be run again
    #[command(
        after_help = "Example:\n  tasksteper data distribute --database postgres://tasks@coordinator.example.com/tasks"
    )]
    Distribute {
        #[command(flatten)]
        data: Data,
    },
}

/// Where an installation's data is.
#[derive(Debug, Clone, Args)]
pub(crate) struct Data {
    /// The directory with everything of an installation: the database, attachments
    #[arg(long, value_name = "DIR", env = "TASKSTEPER_DATA", default_value = "./tasksteper-data")]
    pub(crate) data: PathBuf,
    #[command(flatten)]
    pub(crate) records: Records,
}

/// How an installation's records are read.
#[derive(Debug, Clone, Args)]
pub(crate) struct Records {
    /// postgres://user@host/database puts the records there instead; the password may stand in PGPASSWORD
    #[arg(long, value_name = "URL", env = "TASKSTEPER_DATABASE", hide_env_values = true)]
    pub(crate) database: Option<String>,
    /// The zone of days and typed times
    #[arg(long, value_name = "ZONE", env = "TASKSTEPER_TIME_ZONE", default_value = "Asia/Shanghai")]
    pub(crate) time_zone: String,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to listen: a loopback address; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    pub(crate) listen: SocketAddr,
    /// Keep the data in this directory; without it they go when the demo ends
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) records: Records,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8000")]
    pub(crate) listen: SocketAddr,
    #[arg(
        long,
        value_name = "URL",
        help = "What people type to get here, for links, cookies and the check of origins: https://tasks.example.com"
    )]
    pub(crate) base_url: Option<String>,
    /// A proxy whose X-Forwarded-For is believed (an address; may be repeated)
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) trusted_proxy: Vec<std::net::IpAddr>,
    /// After SIGTERM, serve on for so long, with 503 at /readyz, until a balancer in front has noticed; behind one, 5
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(u64).range(..=600))]
    pub(crate) grace: u64,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Search {
    /// What to look for
    #[arg(value_name = "QUERY", required = true)]
    pub(crate) query: Vec<String>,
    /// In this flow alone
    #[arg(long, value_name = "KEY")]
    pub(crate) flow: Option<String>,
    /// So many items at most
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1000))]
    pub(crate) limit: i64,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Backup {
    /// The file to make
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Replace the file if it is there already
    #[arg(long)]
    pub(crate) force: bool,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Restore {
    /// What backup made
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The flow's key
    #[arg(value_name = "FLOW")]
    pub(crate) flow: String,
    /// Only what this query finds
    #[arg(long, value_name = "Q", default_value = "")]
    pub(crate) query: String,
    /// The order: keys with commas between them, '-' before one that descends; newest first without it
    #[arg(long, value_name = "KEYS", default_value = "", allow_hyphen_values = true)]
    pub(crate) sort: String,
    /// The columns: keys or labels with commas between them
    #[arg(long, value_name = "COLUMNS", default_value = "")]
    pub(crate) columns: String,
    /// One group after the other: a key, a time as created:month; an item with several values stands in each
    #[arg(long, value_name = "BY", default_value = "")]
    pub(crate) group: String,
    /// xlsx, csv, json or xes; without it, what the file's name says, or else csv
    #[arg(long, value_name = "F", value_parser = ["xlsx", "csv", "json", "xes"])]
    pub(crate) format: Option<String>,
    /// The file to write; without it, standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// The language of the header's built-in columns
    #[arg(long, value_name = "LANGUAGE", default_value = "zh-CN", value_parser = ["zh-CN", "en"])]
    pub(crate) language: String,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The flow's key
    #[arg(value_name = "FLOW")]
    pub(crate) flow: String,
    /// The workbook (.xlsx) or CSV
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Write nothing: say what would become of each row
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The field (key or label) by which rows without an ID find their items
    #[arg(long, value_name = "FIELD")]
    pub(crate) key: Option<String>,
    /// What becomes of rows that find no item: create, or leave
    #[arg(long, value_name = "MODE", default_value = "create", value_parser = ["create", "leave"])]
    pub(crate) mode: String,
    /// Who imports: new items are theirs unless a column says otherwise; without it, the first administrator
    #[arg(long = "as", value_name = "USER")]
    pub(crate) actor: Option<String>,
    /// Write a workbook of the rows that were refused, to mend them
    #[arg(long, value_name = "FILE")]
    pub(crate) refused: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Args)]
pub(crate) struct ReleaseNotes {
    /// The flow's key
    #[arg(value_name = "FLOW")]
    pub(crate) flow: String,
    /// The state that the items reached
    #[arg(long, value_name = "S")]
    pub(crate) state: String,
    /// The first day: 2026-05-01
    #[arg(long, value_name = "DAY")]
    pub(crate) from: jiff::civil::Date,
    /// The last day
    #[arg(long, value_name = "DAY")]
    pub(crate) to: jiff::civil::Date,
    /// The field with the note (key or label); release_notes, if absent
    #[arg(long, value_name = "FIELD")]
    pub(crate) note: Option<String>,
    /// What they are put together by (key or label)
    #[arg(long, value_name = "FIELD")]
    pub(crate) group_by: Option<String>,
    /// Only what this query finds
    #[arg(long, value_name = "Q", default_value = "")]
    pub(crate) query: String,
    /// markdown, html or xlsx; without it, what the file's name says, or else markdown
    #[arg(long, value_name = "F", value_parser = ["markdown", "html", "xlsx"])]
    pub(crate) format: Option<String>,
    /// The file to write; without it, standard output
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// What links begin with: what people type to get to the server
    #[arg(long, value_name = "URL", default_value = "")]
    pub(crate) base_url: String,
    /// The language of the layout that comes along
    #[arg(long, value_name = "LANGUAGE", default_value = "zh-CN", value_parser = ["zh-CN", "en"])]
    pub(crate) language: String,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[derive(Debug, Subcommand)]
pub(crate) enum User {
    /// Add a user, and the groups that are not there yet
    #[command(
        after_help = "Example:\n  echo 'a good password' | tasksteper user add ann --display 安妮 --group 维护 --password-stdin"
    )]
    Add {
        /// 1 to 64 letters or digits of any script, '.', '_', '-'
        name: String,
        /// What people see; the name, if absent
        #[arg(long, value_name = "TEXT")]
        display: Option<String>,
        /// Where mail goes
        #[arg(long, value_name = "TEXT")]
        email: Option<String>,
        /// May do everything
        #[arg(long)]
        admin: bool,
        /// Put the user into this group (may be repeated)
        #[arg(long, value_name = "NAME")]
        group: Vec<String>,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        data: Data,
    },
    /// List the users
    #[command(after_help = "Example:\n  tasksteper user list")]
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Set a user's password; they are signed out everywhere
    #[command(after_help = "Example:\n  echo 'a better password' | tasksteper user passwd ann --password-stdin")]
    Passwd {
        /// The user
        name: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        password_stdin: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Disable a user, and list what they still hold
    #[command(after_help = "Example:\n  tasksteper user disable ann --hand-over bob")]
    Disable {
        /// The user
        name: String,
        /// Who gets what the user holds
        #[arg(long, value_name = "OTHER")]
        hand_over: Option<String>,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Group {
    /// List the groups and who is in them
    #[command(after_help = "Example:\n  tasksteper group list")]
    List {
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Token {
    /// Print a new API token, once
    #[command(after_help = "Example:\n  TOKEN=$(tasksteper token create ann --name script --expires 90d)")]
    Create {
        /// Whose it is
        user: String,
        /// What it is for
        #[arg(long, value_name = "TEXT", default_value = "")]
        name: String,
        /// How long it works: 30m, 4h, 90d, 2w; without it, until it is revoked
        #[arg(long, value_name = "TIME")]
        expires: Option<String>,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum Flow {
    /// Report every problem of every file; needs no data
    #[command(after_help = "Example:\n  tasksteper flow check flows/*.toml")]
    Check {
        /// Flow files, or directories of them
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
    /// Check, then publish: all of the files or none
    #[command(
        after_help = "Of a directory: *.toml, but not *.test.toml. A file equal to what is published changes nothing.\nA running server serves them without a restart.\n\nExample:\n  tasksteper flow apply flows/"
    )]
    Apply {
        /// Flow files, or directories of them
        #[arg(required = true, value_name = "FILE|DIR")]
        files: Vec<PathBuf>,
        /// What is said of the new versions, for those who look at them later
        #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true)]
        note: String,
        /// Fields may change their type: items keep what they have until `flow migrate` takes them along
        #[arg(long)]
        retype: bool,
        #[command(flatten)]
        data: Data,
    },
    /// Play the scenarios beside flow files, and tell what does not come as it must; needs no data
    #[command(
        after_help = "A file issue_track.test.toml holds the scenarios of issue_track.toml. `flow apply` plays them before it publishes.\n\nExample:\n  tasksteper flow test flows/"
    )]
    Test {
        /// Flow files, files of scenarios, or directories of them
        #[arg(value_name = "FILE|DIR", default_value = "flows")]
        files: Vec<PathBuf>,
        /// The zone of days and typed times
        #[arg(long, value_name = "ZONE", default_value = "Asia/Shanghai", env = "TASKSTEPER_TIME_ZONE")]
        time_zone: String,
    },
    /// Play an item through a flow as any of its people; touches no records
    #[command(
        after_help = "Asks for one command after the other; `help` lists them. Also reads them from a pipe.\n\nExample:\n  tasksteper flow try flows/issue_track.toml\n  printf 'create\\nbuttons\\n' | tasksteper flow try flows/issue_track.toml"
    )]
    Try {
        /// A flow file; the flows beside it are those that its items may open
        file: PathBuf,
        /// Who begins
        #[arg(long = "as", value_name = "NAME", default_value = "created_by")]
        as_who: String,
        /// Write what was done as a scenario into this file, at the end
        #[arg(long, value_name = "FILE")]
        write: Option<PathBuf>,
        /// The zone of days and typed times
        #[arg(long, value_name = "ZONE", default_value = "Asia/Shanghai", env = "TASKSTEPER_TIME_ZONE")]
        time_zone: String,
    },
    /// List the published flows
    #[command(after_help = "Example:\n  tasksteper flow list")]
    List {
        #[command(flatten)]
        data: Data,
    },
    /// Print a flow as TOML, byte for byte as it was published
    #[command(after_help = "Example:\n  tasksteper flow show issue_track --version 1")]
    Show {
        /// The flow's key
        key: String,
        /// Not the newest version but this one
        #[arg(long, value_name = "N")]
        version: Option<i64>,
        #[command(flatten)]
        data: Data,
    },
    /// Print a flow's picture: its states and the ways between them
    #[command(
        after_help = "Of a file, or of a published flow by its key. Mermaid is text that many wikis draw; SVG is the picture itself; BPMN opens in modelling tools.\n\nExample:\n  tasksteper flow diagram issue_track --format svg > issue_track.svg\n  tasksteper flow diagram flows/issue_track.toml --format bpmn > issue_track.bpmn"
    )]
    Diagram {
        /// A flow file, or the key of a published flow
        #[arg(value_name = "FILE|KEY")]
        flow: PathBuf,
        /// As what
        #[arg(long, value_enum, default_value_t = Drawing::Mermaid)]
        format: Drawing,
        #[command(flatten)]
        data: Data,
    },
    /// Print the JSON Schema of flow files, for editors; needs no data
    #[command(
        after_help = "An editor that knows TOML (taplo, VS Code with Even Better TOML) completes, explains and checks a flow file that begins with\n#:schema ./flow-schema.json\nA server has it at /api/v1/flow-schema.json.\n\nExample:\n  tasksteper flow schema > flows/flow-schema.json"
    )]
    Schema,
    /// Make flow files of the original's Python: models, forms, transition tables
    #[command(
        name = "import-django",
        after_help = "Nothing of the Python is run. What could not be carried over is said on stderr, line by line. With --db the items are carried in too, and flows that are not published yet are published first; files are then written only with -o.\n\nExample:\n  tasksteper flow import-django models.py forms.py fsm.py -o flows/\n  tasksteper flow import-django polls/*.py --db db.sqlite3 --map fanhuiyang=ann --dry-run"
    )]
    ImportDjango(ImportDjango),
    /// Take running items of older versions of a flow to a newer one
    #[command(
        after_help = "Every item is tried first; where one would be stranded, nothing is done. Safe to break off and to run again.\nThe map is a TOML file: [states] old = \"new\", [fields] old_key = \"new_key\" (\"\" drops it), [words.new_key] old = \"new\",\n[values] new_key = \"value where nothing stands\", [holders] state = \"user\". --print-map writes one with what can be guessed.\n\nExample:\n  tasksteper flow migrate issue_track --print-map > map.toml\n  tasksteper flow migrate issue_track --map map.toml --dry-run\n  tasksteper flow migrate issue_track --map map.toml"
    )]
    Migrate(Migrate),
    /// Take a flow out of use; its items stay readable
    #[command(after_help = "Example:\n  tasksteper flow archive issue_track")]
    Archive {
        /// The flow's key
        key: String,
        #[command(flatten)]
        data: Data,
    },
}

#[derive(Debug, Args)]
pub(crate) struct ImportDjango {
    /// The Python files with the models, forms, FormAndModelDict, transition tables and TRANS_TABLE_DICT
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Where the flow files go; without it and without --db, the current directory
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// Replace flow files that are there already
    #[arg(long)]
    pub(crate) force: bool,
    /// What a flow's items are called (may be repeated); question_1, question_2, …, as in the original, are those of the project with the most fields
    #[arg(long, value_name = "FLOW=PREFIX")]
    pub(crate) prefix: Vec<String>,
    /// The original's database: its items are carried in, with their numbers
    #[arg(long, value_name = "FILE")]
    pub(crate) db: Option<PathBuf>,
    /// The Django app: its tables are called APP_MODEL; without it, it is found
    #[arg(long, value_name = "APP", requires = "db")]
    pub(crate) app: Option<String>,
    /// Who a name of the original is here (may be repeated); '*' is everybody who is not known
    #[arg(long, value_name = "NAME=USER", requires = "db")]
    pub(crate) map: Vec<String>,
    /// Who imports; without it, the first administrator
    #[arg(long = "as", value_name = "USER", requires = "db")]
    pub(crate) actor: Option<String>,
    /// Write nothing: say what would become of the items
    #[arg(long, requires = "db")]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) data: Data,
}

/// As what a flow is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Drawing {
    /// Mermaid's language
    Mermaid,
    /// SVG
    Svg,
    /// A process of BPMN 2.0, with its layout
    Bpmn,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Bench {
    /// Fill an installation with made-up items of the four flows that come along
    #[command(
        after_help = "Publishes the flows that are missing and adds people without a password. The same seed makes the same items, until the same moment.\n\nExample:\n  tasksteper bench load --items 1000000 --data /tmp/big\n  tasksteper serve --data /tmp/big"
    )]
    Load(Load),
}

#[derive(Debug, Args)]
pub(crate) struct Load {
    /// How many items
    #[arg(long, value_name = "N")]
    pub(crate) items: usize,
    /// How many people; one for 500 items, if absent
    #[arg(long, value_name = "N")]
    pub(crate) users: Option<usize>,
    /// Other items of the same kind
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// Put them beside the items that are there, which cannot be undone
    #[arg(long)]
    pub(crate) into_existing: bool,
    #[command(flatten)]
    pub(crate) data: Data,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_contradicts_itself_nowhere() {
        super::Cli::command().debug_assert();
    }
}
