//! Measures Minutebook beside its peers in one run; `tools/bench` makes everything ready and calls it. It asks all of
//! them the same, holds every answer of a peer to ours, and hands over figures; what a peer is told is in the file of
//! that peer.

mod measure;
mod ours;
mod postgres;
mod questions;
mod rows;
mod sqlite;
mod table;

use clap::{Args, Parser, Subcommand};
use measure::{Fault, Figure, Outcome, Report, timed, turns};
use minutebook::ledger::Ledger;
use minutebook_events::{Day, Draft, EventKind, Position};
use minutebook_tools::national::{National, Sizes};
use postgres::Postgres;
use questions::{Asked, Portfolio, same};
use rows::Table;
use sqlite::Sqlite;
use std::collections::HashSet;
use std::fs::{self, File};
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The program's own allocator, so that what is measured in this process is what the program does.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Minutebook beside its peers
#[derive(Parser)]
#[command(after_help = "Exit status: 0 measured; 1 something failed, or a peer answers otherwise than Minutebook.")]
struct Peers {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Everything but DuckDB and hledger, for which the files are written
    Run(Run),
    /// Opens a ledger and says what memory that takes
    Open { ledger: PathBuf },
    /// Rebuilds the projections of a ledger, and says how long that takes
    Rebuild { ledger: PathBuf },
    /// Opens a ledger by its snapshot and makes every timeline, and says how long each takes
    Packed { ledger: PathBuf },
    /// Asks a peer one question of one contract, as a new process
    Ask { database: String, contract: String, as_of: Day, known: u64 },
    /// Prints what was measured as a table
    Table { measured: PathBuf },
}

#[derive(Args)]
struct Run {
    /// The folder that everything lies in
    #[arg(long)]
    folder: PathBuf,
    /// Where what is measured goes
    #[arg(long)]
    measured: PathBuf,
    /// The program
    #[arg(long)]
    minutebook: PathBuf,
    /// How PostgreSQL is reached; left out without it
    #[arg(long)]
    postgres: Option<String>,
    #[arg(long)]
    entries: u64,
    #[arg(long, default_value_t = 10)]
    contracts_of: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What to measure; everything where it is left out
    #[arg(long)]
    only: Vec<String>,
    /// How many questions of one contract
    #[arg(long, default_value_t = 2_000)]
    questions: usize,
}

/// Questions stop after so long, however many there are left.
const PATIENCE: Duration = Duration::from_secs(20);
const COLD: usize = 20;
const WRITERS: usize = 64;
/// How often what takes no time is asked.
const ASKED: usize = 2_000;

fn main() -> ExitCode {
    let done = match Peers::parse().what {
        What::Run(run) => Bench::of(run).and_then(|mut bench| bench.run()),
        What::Open { ledger } => ours::open(&ledger).map(|told| println!("{told}")),
        What::Rebuild { ledger } => ours::rebuild(&ledger).map(|told| println!("{told}")),
        What::Packed { ledger } => ours::packed(&ledger).map(|told| println!("{told}")),
        What::Ask { database, contract, as_of, known } => ask(&database, &contract, as_of, known),
        What::Table { measured } => table::print(&measured),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("peers: {fault}");
            ExitCode::FAILURE
        }
    }
}

fn ask(database: &str, contract: &str, as_of: Day, known: u64) -> Outcome<()> {
    let asked = Asked { contract: contract.parse()?, as_of, known, decided_by: None };
    let mut lines = match Path::new(database).is_file() {
        true => Sqlite::open(Path::new(database))?.lines(&asked)?,
        false => Postgres::connect(database)?.lines(&asked)?,
    };
    lines.sort();
    println!("{lines:?}");
    Ok(())
}

/// One run: what is measured, of what.
struct Bench {
    run: Run,
    national: National,
    report: Report,
    /// The day of questions that are about every contract.
    day: Day,
}

impl Bench {
    fn of(run: Run) -> Outcome<Self> {
        if run.entries < 1_000 {
            return Err("fewer than 1000 entries measure nothing".into());
        }
        let national = National { seed: run.seed, entries_a_contract: run.contracts_of, sizes: Sizes::LongTail };
        let report = Report { path: run.measured.clone(), entries: run.entries };
        Ok(Self { run, national, report, day: Day::from_ymd_opt(2019, 6, 1).expect("a day") })
    }

    fn wants(&self, row: &str) -> bool {
        self.run.only.is_empty() || self.run.only.iter().any(|only| only == row)
    }

    fn drafts(&self, from: u64, to: u64) -> impl Iterator<Item = Draft> + use<> {
        let national = self.national;
        (from..to).map(move |number| national.draft(number))
    }

    fn file(&self, name: &str) -> PathBuf {
        self.run.folder.join(name)
    }

    fn run(&mut self) -> Outcome<()> {
        let (folder, entries) = (self.file("ledger"), self.run.entries);
        self.import(&folder)?;
        let mut sqlite = Sqlite::open(&self.file("facts.sqlite"))?;
        let mut postgres = self.run.postgres.as_deref().map(Postgres::connect).transpose()?;
        if let Some(postgres) = &mut postgres {
            postgres.create()?;
        }
        let table = Table::of(|| self.drafts(0, entries))?;
        eprintln!("{} facts on {} lines of {} contracts", table.rows.len(), table.lines.len(), table.contracts.len());
        table.write_csv(&self.run.folder)?;
        table.write_journal(&self.run.folder, self.day)?;
        sqlite.load(&table)?;
        if let Some(postgres) = &mut postgres {
            postgres.load(&table)?;
        }
        if self.wants("rebuild") {
            self.rebuild(&folder)?;
        }
        if self.wants("memory") {
            let told = ours::printed(Command::new(std::env::current_exe()?).arg("open").arg(&folder))?;
            let number = |name: &str| told[name].as_f64().ok_or_else(|| format!("no {name} in {told}"));
            let figure = Figure::less(number("resident")? / number("events")?, "B an event");
            self.report.tell("memory-open", ours::NAME, figure, "resident after opening, by events")?;
        }
        if self.wants("cold") {
            self.cold(&folder, &table, postgres.is_some())?;
        }
        let ledger = Arc::new(Ledger::open(&folder, |_, _| {})?);
        if self.wants("fold") || self.wants("rebuild") {
            self.fold(&ledger, &table, &sqlite, postgres.as_mut())?;
        }
        if self.wants("questions") {
            for by_weight in [false, true] {
                self.questions(&ledger, &table, &sqlite, postgres.as_mut(), by_weight)?;
            }
        }
        if self.wants("portfolio") {
            self.portfolio(&ledger, &table, &sqlite, postgres.as_mut())?;
        }
        if self.wants("import") || self.wants("append") || self.wants("disk") {
            self.write(&ledger, &folder, sqlite, postgres)?;
        }
        Ok(())
    }

    /// The register into a new ledger, by the program.
    fn import(&self, folder: &Path) -> Outcome<()> {
        let lines = self.file("drafts.jsonl");
        let mut out = BufWriter::new(File::create(&lines)?);
        for draft in self.drafts(0, self.run.entries) {
            serde_json::to_writer(&mut out, &draft)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        let mut command = ours::program(&self.run.minutebook, folder);
        let (time, peak) = ours::run(command.arg("record").arg("--lines").arg(&lines))?;
        fs::remove_file(&lines)?;
        if self.wants("import") {
            let rate = Figure::rate(self.run.entries, time, "entries/s");
            self.report.tell("import", ours::NAME, rate, "`record --lines`: every entry decided, durable")?;
        }
        if self.wants("memory") {
            let most = Figure::less(peak as f64 / 1024.0 / 1024.0, "MiB");
            self.report.tell("memory-import", ours::NAME, most, "`record --lines`, most resident")?;
        }
        Ok(())
    }

    fn rebuild(&self, folder: &Path) -> Outcome<()> {
        let me = std::env::current_exe()?;
        let mut on_one = Command::new("taskset");
        on_one.args(["-c", "0"]).arg(&me);
        for (row, mut command) in [("rebuild", Command::new(&me)), ("rebuild-one", on_one)] {
            let told = ours::printed(command.arg("rebuild").arg(folder))?;
            let number = |name: &str| told[name].as_f64().ok_or_else(|| format!("no {name} in {told}"));
            let (events, seconds) = (number("events")?, number("seconds")?);
            let how = format!("{events} events, {:.0} events/s, six projections, every hash checked", events / seconds);
            self.report.tell(row, ours::NAME, Figure::less(seconds, "s"), &how)?;
        }
        let told = ours::printed(Command::new(&me).arg("packed").arg(folder))?;
        let number = |name: &str| told[name].as_f64().ok_or_else(|| format!("no {name} in {told}"));
        let (events, opening, making) = (number("events")?, number("opening")?, number("making")?);
        let how = format!("{events} events, {:.0} events/s, files in the page cache", events / opening);
        self.report.tell("open-snapshot", ours::NAME, Figure::less(opening, "s"), &how)?;
        let how = format!("{} facts, {:.0} events/s, in memory", number("facts")?, events / making);
        self.report.tell("packed", ours::NAME, Figure::less(making, "s"), &how)?;
        Ok(())
    }

    /// The first answer from a new process, its files in the page cache. Ours is measured twice: of a ledger that was
    /// left whole, and of one of which everything is checked on opening.
    fn cold(&self, folder: &Path, table: &Table, with_postgres: bool) -> Outcome<()> {
        let me = std::env::current_exe()?;
        let contract = &table.contracts[table.contracts.len() / 2];
        let asked = Asked { contract: contract.clone(), as_of: self.day, known: self.run.entries, decided_by: None };
        let lines = ours::lines(&Ledger::open(folder, |_, _| {})?, &asked)?;
        let (day, known) = (self.day.to_string(), self.run.entries.to_string());
        let cold = |command: &mut dyn FnMut() -> Outcome<Command>, good: &dyn Fn(&str) -> Outcome<()>| {
            let turn = |_| {
                let (time, said) = ours::answered(&mut command()?)?;
                good(&String::from_utf8(said)?)?;
                Ok(time)
            };
            Ok::<_, Fault>(Figure::times((0..COLD).map(turn).collect::<Outcome<Vec<_>>>()?))
        };
        let program = || {
            let mut command = ours::program(&self.run.minutebook, folder);
            command.args(["value", contract.as_str(), "--as-of", &day, "--json"]);
            Ok(command)
        };
        let answers = |said: &str| match serde_json::from_str::<serde_json::Value>(said)?.is_null() {
            true => Err("`value` answers nothing".into()),
            false => Ok(()),
        };
        let how = "`value CONTRACT --as-of D --json`";
        let figure = cold(&mut || program(), &answers)?;
        self.report.tell("cold", ours::NAME, figure, &format!("{how}, ledger left whole"))?;
        let left_otherwise = || match fs::remove_file(folder.join("whole")) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => program(),
        };
        let figure = cold(&mut || left_otherwise(), &answers)?;
        self.report.tell("cold-checked", ours::NAME, figure, &format!("{how}, every hash checked"))?;
        let total = || {
            let mut command = ours::program(&self.run.minutebook, folder);
            command.args(["totals", "--by", "funder", "--as-of", &day, "--json"]);
            Ok(command)
        };
        // The first that asks makes them, and leaves them to the next; and it leaves the ledger whole.
        let made = ours::answered(&mut total()?)?.0;
        let how = "the first new process that asks, the snapshot there";
        self.report.tell("portfolio-made", ours::NAME, Figure::less(made.as_secs_f64(), "s"), how)?;
        let how = "`totals --by funder --as-of D --json`, totals kept, ledger left whole";
        self.report.tell("cold-total", ours::NAME, cold(&mut || total(), &|_| Ok(()))?, how)?;
        let beside = |who: &str, database: &str, how: &str| {
            let mut ask = || {
                let mut command = Command::new(&me);
                command.args(["ask", database, contract.as_str(), &day, &known]);
                Ok(command)
            };
            let figure = cold(&mut ask, &|said| same(who, &asked, &[said.trim_end()], &[&*format!("{lines:?}")]))?;
            ["cold", "cold-checked"].iter().try_for_each(|row| self.report.tell(row, who, figure, how))
        };
        let path = self.file("facts.sqlite");
        let path = path.to_str().ok_or("the folder's name is no text")?;
        beside(sqlite::NAME, path, "opens its file, value lines alone, no hash checked")?;
        if let Some(to) = self.run.postgres.as_deref().filter(|_| with_postgres) {
            beside(
                postgres::NAME,
                to,
                "a new connection, the server runs already, value lines alone, no hash checked",
            )?;
        }
        Ok(())
    }

    /// The fact in effect on every line on one day, which is what a rebuild is put beside too.
    fn fold(&self, ledger: &Ledger, table: &Table, sqlite: &Sqlite, postgres: Option<&mut Postgres>) -> Outcome<()> {
        let ours = ours::fold(ledger, table, self.day)?;
        fs::write(
            self.file("fold.csv"),
            ours.iter()
                .map(|told| {
                    let pence = told.pence.map(|pence| pence.to_string()).unwrap_or_default();
                    let change = u8::from(told.is_change);
                    format!("{},{},{},{change},{pence}\n", told.line, told.position, told.place)
                })
                .collect::<String>(),
        )?;
        let mine = turns(5, || ours::fold_alone(ledger, self.day))?.0;
        self.report.tell("fold", ours::NAME, Figure::times(mine), "from projections that are open, one core")?;
        let beside = |who: &str, (times, mut theirs): (Vec<Duration>, questions::Fold), how: &str, rows: &[&str]| {
            theirs.sort();
            same(who, &self.day, &theirs, &ours)?;
            let how = format!("the fact in effect on every value line, {how}");
            rows.iter().try_for_each(|row| self.report.tell(row, who, Figure::times(times.clone()), &how))
        };
        let rows = ["rebuild", "rebuild-one", "fold"];
        beside(sqlite::NAME, turns(5, || sqlite.fold(self.day))?, "one core", &rows)?;
        if let Some(postgres) = postgres {
            let (many, one) = rows.split_at(1);
            for (parallel, how, rows) in [(true, "parallel as it likes", many), (false, "one process", one)] {
                postgres.parallel(parallel)?;
                beside(postgres::NAME, turns(5, || postgres.fold(self.day, self.run.entries))?, how, rows)?;
            }
            postgres.parallel(true)?;
        }
        Ok(())
    }

    /// Questions of one contract, each asked once to compare what is said, which also warms, and once to time it.
    fn questions(
        &self,
        ledger: &Ledger,
        table: &Table,
        sqlite: &Sqlite,
        mut postgres: Option<&mut Postgres>,
        by_weight: bool,
    ) -> Outcome<()> {
        let drawn = questions::drawn(&table.rows, &table.contracts, by_weight, self.run.questions, self.run.entries);
        for asked in &drawn {
            let ours = ours::lines(ledger, asked)?;
            let mut theirs = sqlite.lines(asked)?;
            theirs.sort();
            same(sqlite::NAME, asked, &theirs, &ours)?;
            if let Some(postgres) = &mut postgres {
                let mut theirs = postgres.lines(asked)?;
                theirs.sort();
                same(postgres::NAME, asked, &theirs, &ours)?;
            }
        }
        let [lines, value] = if by_weight { ["lines-by-weight", "value-by-weight"] } else { ["lines", "value"] };
        let how = |what: &str, asked: usize| format!("{what}; {asked} questions");
        let times = each(&drawn, |asked| ours::lines(ledger, asked))?;
        let asked = times.len();
        self.report.tell(lines, ours::NAME, Figure::times(times), &how("in process, `select` on each line", asked))?;
        let times = each(&drawn, |asked| ours::value(ledger, asked))?;
        let asked = times.len();
        self.report.tell(
            value,
            ours::NAME,
            Figure::times(times),
            &how("in process, all that `value` answers", asked),
        )?;
        let beside = |who: &str, times: Vec<Duration>, setting: &str| {
            let asked = times.len();
            [lines, value].iter().try_for_each(|row| {
                let alone = if *row == value { "the facts in effect alone, " } else { "" };
                self.report.tell(row, who, Figure::times(times.clone()), &how(&format!("{alone}{setting}"), asked))
            })
        };
        beside(sqlite::NAME, each(&drawn, |asked| sqlite.lines(asked))?, sqlite::READING)?;
        if let Some(postgres) = postgres {
            beside(postgres::NAME, each(&drawn, |asked| postgres.lines(asked))?, postgres::READING)?;
        }
        Ok(())
    }

    fn portfolio(
        &self,
        ledger: &Ledger,
        table: &Table,
        sqlite: &Sqlite,
        postgres: Option<&mut Postgres>,
    ) -> Outcome<()> {
        let by_line = ours::portfolio_by_line(ledger, table, self.day)?;
        let written = by_line
            .iter()
            .map(|(funder, total)| format!("{funder},{},{},{}\n", total.pence, total.added, total.lacking))
            .collect::<String>();
        fs::write(self.file("portfolio.csv"), written)?;
        let listed = |portfolio: Portfolio| portfolio.into_iter().collect::<Vec<_>>();
        let known = listed(by_line);
        same(ours::NAME, &self.day, &listed(ours::portfolio(ledger, self.day)?), &known)?;
        let times = turns(ASKED, || ours::portfolio(ledger, self.day).map(black_box))?.0;
        self.report.tell("portfolio", ours::NAME, Figure::times(times), "in process, from kept totals")?;
        let (times, theirs) = turns(5, || sqlite.portfolio(self.day))?;
        same(sqlite::NAME, &self.day, &listed(theirs), &known)?;
        self.report.tell("portfolio", sqlite::NAME, Figure::times(times), sqlite::READING)?;
        if let Some(postgres) = postgres {
            let (times, theirs) = turns(5, || postgres.portfolio(self.day, self.run.entries))?;
            same(postgres::NAME, &self.day, &listed(theirs), &known)?;
            self.report.tell("portfolio", postgres::NAME, Figure::times(times), postgres::READING)?;
        }
        Ok(())
    }

    /// Imports, disk and appends: last, since appends change what there is.
    fn write(&self, ledger: &Arc<Ledger>, folder: &Path, facts: Sqlite, mut postgres: Option<Postgres>) -> Outcome<()> {
        facts.settle()?;
        drop(facts);
        let path = self.file("entries.sqlite");
        let mut sqlite = Sqlite::open(&path)?;
        let (mut canonical, mut times) = (0, [Duration::ZERO; 2]);
        let mut batch: Vec<Entry> = vec![];
        // A few commits at a time are held in memory, and only what the peer does of them is timed.
        for stored in ledger.store().scan(0..ledger.head().0) {
            let stored = stored?;
            canonical += stored.bytes.len() as u64;
            let id = ledger.view().projections.entry(stored.position).ok_or("an entry is gone")?.entry.id;
            batch.push((id.to_string(), stored.bytes));
            if batch.len() == 10_000 {
                import_batch(&mut batch, &mut sqlite, postgres.as_mut(), &mut times)?;
            }
        }
        import_batch(&mut batch, &mut sqlite, postgres.as_mut(), &mut times)?;
        if self.wants("import") {
            let none = "validates nothing; stored bytes as they are, commits of 1000";
            let rate = |time| Figure::rate(self.run.entries, time, "entries/s");
            self.report.tell("import", sqlite::NAME, rate(times[0]), &format!("{none}, {}", sqlite::WRITING))?;
            if postgres.is_some() {
                let how = format!("{none}, COPY, {}", postgres::WRITING);
                self.report.tell("import", postgres::NAME, rate(times[1]), &how)?;
            }
        }
        if self.wants("disk") {
            sqlite.settle()?;
            let by = |bytes: u64| Figure::less(bytes as f64 / canonical as f64, "B a stored byte");
            // A small ledger leaves none.
            let left = ["snapshot", "totals"].map(|name| folder.join(name)).into_iter().filter(|path| path.is_file());
            let snapshot: u64 = left.map(|path| on_disk(&path)).sum::<Outcome<u64>>()?;
            self.report.tell("disk", ours::NAME, by(on_disk(folder)? - snapshot), "its folder: blocks, the index")?;
            self.report.tell("disk", sqlite::NAME, by(on_disk(&path)?), "entries and ids")?;
            let facts = on_disk(&self.file("facts.sqlite"))?;
            self.report.tell(
                "disk-facts",
                ours::NAME,
                by(snapshot),
                "the snapshots: entries packed, streams, names; totals",
            )?;
            self.report.tell("disk-facts", sqlite::NAME, by(facts), "facts of value lines, clustered")?;
            if let Some(postgres) = &mut postgres {
                let entries = postgres.size(&["entries"])?;
                self.report.tell("disk", postgres::NAME, by(entries), "entries and ids")?;
                let facts = postgres.size(&["facts", "lines"])?;
                self.report.tell("disk-facts", postgres::NAME, by(facts), "facts of value lines, btree and GiST")?;
            }
        }
        drop(sqlite);
        if self.wants("append") { self.append(ledger, &path) } else { Ok(()) }
    }

    /// Appends of amounts of contracts that are there, which hold whatever comes before them.
    fn append(&self, ledger: &Arc<Ledger>, sqlite: &Path) -> Outcome<()> {
        let defined: HashSet<_> = {
            let view = ledger.view();
            view.projections.contracts(view.head).into_iter().cloned().collect()
        };
        let is_amount = |draft: &Draft| match &draft.events[..] {
            [event] => match &event.kind {
                EventKind::ValueSet { contract, .. } | EventKind::ValueChanged { contract, .. } => {
                    defined.contains(contract)
                }
                _ => false,
            },
            _ => false,
        };
        let mut amounts = self.drafts(self.run.entries, u64::MAX).filter(is_amount);
        let mut next = |count: usize| amounts.by_ref().take(count).collect::<Vec<Draft>>();
        let as_entries = |drafts: &[Draft]| {
            let entry = |draft: &Draft| Ok((draft.id.to_string(), serde_json::to_vec(draft)?));
            drafts.iter().map(entry).collect::<Outcome<Vec<Entry>>>()
        };
        let rate = |count: usize, time| Figure::rate(count as u64, time, "entries/s");
        for (row, writers, count) in [("append-one", 1, 1_000), ("append-many", WRITERS, WRITERS * 50)] {
            let drafts = next(count);
            let time = ours::appends(ledger, drafts, writers)?;
            let how = "each waits for its receipt (`record_next`)";
            self.report.tell(row, ours::NAME, rate(count, time), how)?;
            let entries = as_entries(&next(count))?;
            let time = sqlite::appends(sqlite, &raw(&entries)?, writers, true)?;
            let own = match writers {
                1 => None,
                writers => {
                    let entries = raw(&as_entries(&next(count))?)?;
                    Some(sqlite::appends(sqlite, &entries, writers, false)?)
                }
            };
            let (time, how) = match own {
                Some(own) if own < time => (own, "a connection each, busy_timeout"),
                _ => (time, "one connection, in turns"),
            };
            let how = format!("{how}, {}", sqlite::WRITING);
            self.report.tell(row, sqlite::NAME, rate(count, time), &how)?;
            if let Some(to) = &self.run.postgres {
                let time = postgres::appends(to, &as_entries(&next(count))?, writers)?;
                self.report.tell(
                    row,
                    postgres::NAME,
                    rate(count, time),
                    &format!("a connection each, {}", postgres::WRITING),
                )?;
            }
        }
        Ok(())
    }
}

/// An entry as peers keep it: its id, and its bytes.
type Entry = (String, Vec<u8>);

/// The same with the id as the bytes that SQLite keeps.
fn raw(entries: &[Entry]) -> Outcome<Vec<(Vec<u8>, Vec<u8>)>> {
    let raw = |(id, bytes): &Entry| Ok((uuid::Uuid::try_parse(id)?.as_bytes().to_vec(), bytes.clone()));
    entries.iter().map(raw).collect::<Result<_, Fault>>()
}

fn import_batch(
    batch: &mut Vec<Entry>,
    sqlite: &mut Sqlite,
    postgres: Option<&mut Postgres>,
    times: &mut [Duration; 2],
) -> Outcome<()> {
    const COMMIT: usize = 1_000;
    let entries = raw(batch)?;
    let (time, done) = timed(|| sqlite.import(&entries, COMMIT));
    done?;
    times[0] += time;
    if let Some(postgres) = postgres {
        let (time, done) = timed(|| postgres.import(batch, COMMIT));
        done?;
        times[1] += time;
    }
    batch.clear();
    Ok(())
}

/// The time of each question, until patience ends.
fn each<T>(all: &[Asked], mut ask: impl FnMut(&Asked) -> Outcome<T>) -> Outcome<Vec<Duration>> {
    let started = Instant::now();
    let mut times = vec![];
    for asked in all {
        let (time, answer) = timed(|| ask(asked));
        black_box(answer?);
        times.push(time);
        if started.elapsed() > PATIENCE {
            break;
        }
    }
    Ok(times)
}

/// What a file or a folder takes on disk.
fn on_disk(path: &Path) -> Outcome<u64> {
    if path.is_file() {
        return Ok(fs::metadata(path)?.blocks() * 512);
    }
    fs::read_dir(path)?.map(|inside| on_disk(&inside?.path())).sum()
}
