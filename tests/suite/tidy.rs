//! The rules of the house that no compiler checks, each with the file and line where it is broken. What the compiler
//! or clippy can refuse, they do: `no_std`, `clippy.toml`, the lints of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

/// One line of a file of the repository, counted from 1.
struct Line {
    file: String,
    number: usize,
    text: String,
}

impl Line {
    fn fault(&self, why: &str) -> String {
        format!("{}:{}: {why}: {}", self.file, self.number, self.text.trim())
    }

    /// What stands before a comment.
    fn code(&self) -> &str {
        self.text.split("//").next().unwrap_or_default()
    }

    fn says(&self, word: &str) -> bool {
        self.text.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|other| other == word)
    }
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() {
            found.push(path);
        } else if name != "target" && !name.starts_with('.') {
            walk(&path, found);
        }
    }
}

/// The lines of every file under a folder of the repository whose name ends so.
fn lines(under: &str, ending: &str) -> Vec<Line> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = vec![];
    if root.join(under).exists() {
        walk(&root.join(under), &mut files);
    }
    files.retain(|file| file.to_string_lossy().ends_with(ending));
    files.sort();
    let mut lines = vec![];
    for file in files {
        let name = file.strip_prefix(root).unwrap().to_string_lossy().into_owned();
        let content = fs::read_to_string(&file).unwrap();
        let numbered = (1..).zip(content.lines());
        lines.extend(numbered.map(|(number, text)| Line { file: name.clone(), number, text: text.to_owned() }));
    }
    lines
}

/// The lines of a manifest that name a dependency, with the name.
fn dependencies(manifest: &str) -> Vec<(String, Line)> {
    let mut within = false;
    let mut found = vec![];
    for line in lines("", "Cargo.toml").into_iter().filter(|line| line.file == manifest) {
        if line.text.starts_with('[') {
            within = line.text.trim_end_matches(']').ends_with("dependencies");
        } else if let (true, Some((name, _))) = (within, line.text.split_once('=')) {
            let name = name.split('.').next().unwrap_or_default().trim().to_owned();
            found.push((name, line));
        }
    }
    assert!(!found.is_empty(), "{manifest} names no dependency: is it still there?");
    found
}

#[track_caller]
fn none(faults: impl Iterator<Item = String>) {
    let faults: Vec<_> = faults.collect();
    assert!(faults.is_empty(), "\n{}\n", faults.join("\n"));
}

const PURE: [&str; 2] = ["events", "projections"];

#[test]
fn every_file_opens_with_what_it_owns() {
    let first = lines("", ".rs").into_iter().filter(|line| line.number == 1);
    none(first.filter(|line| !line.text.starts_with("//! ")).map(|line| line.fault("open with //! and what it owns")));
}

#[test]
fn nothing_is_left_for_later() {
    let mut words = ["todo", "unimplemented", "dbg"].map(|name| format!("{name}!(")).to_vec();
    words.push(format!("#[{}", "ignore"));
    let left = |line: &Line| words.iter().any(|word| line.text.contains(word));
    none(lines("", ".rs").into_iter().filter(left).map(|line| line.fault("finish it or leave it out")));
}

#[test]
fn the_pure_crates_have_no_std_no_clock_and_nothing_async() {
    for pure in PURE {
        let all = lines(&format!("{pure}/src"), ".rs");
        let opening: Vec<&str> =
            all.iter().filter(|line| line.file.ends_with("src/lib.rs")).map(|line| line.text.as_str()).collect();
        assert!(opening.contains(&"#![no_std]"), "{pure}/src/lib.rs: say #![no_std], so that no file can be opened");
        let std = |at: usize| opening[at].starts_with("extern crate std") && opening[at - 1] != "#[cfg(test)]";
        assert!(!(1..opening.len()).any(std), "{pure}/src/lib.rs: std is for tests only");
        let impure = |line: &&Line| {
            let code = line.code();
            ["async ", ".await", "Utc::now", "Local::now"].iter().any(|word| code.contains(word))
        };
        none(all.iter().filter(impure).map(|line| line.fault("pure code waits for nothing and knows no time")));
    }
}

#[test]
fn dependencies_point_one_way() {
    for pure in PURE {
        let barred = |name: &str| match name {
            "minutebook-events" => pure == "events",
            "tokio" | "sled" => true,
            _ => name.starts_with("minutebook"),
        };
        let faults = dependencies(&format!("{pure}/Cargo.toml")).into_iter().filter_map(|(name, line)| {
            if barred(&name) {
                Some(line.fault("this crate must not know that one"))
            } else if name == "chrono" && ["\"clock\"", "\"now\""].iter().any(|feature| line.text.contains(feature)) {
                Some(line.fault("civil dates need no clock"))
            } else {
                None
            }
        });
        none(faults);
    }
    let clock = |(name, line): &(String, Line)| name == "chrono" && line.text.contains("\"clock\"");
    let inherited = dependencies("Cargo.toml").into_iter().filter(clock);
    none(
        inherited
            .filter(|(_, line)| !line.text.contains("workspace = true"))
            .map(|(_, line)| line.fault("every crate would inherit the clock")),
    );
}

#[test]
fn every_dependency_has_its_reason() {
    let declared = dependencies("Cargo.toml");
    let own = |name: &str| name.starts_with("minutebook");
    let reasoned = |line: &Line| line.text.split_once(" # ").is_some_and(|(_, reason)| !reason.trim().is_empty());
    let where_declared = |name: &str, line: &Line| {
        let shared = declared.iter().filter(|(other, line)| other == name && !line.text.contains("workspace = true"));
        line.text.contains("workspace = true") && shared.into_iter().any(|(_, line)| reasoned(line))
    };
    for manifest in ["Cargo.toml", "events/Cargo.toml", "projections/Cargo.toml"] {
        let without = dependencies(manifest)
            .into_iter()
            .filter(|(name, line)| !own(name) && !reasoned(line) && !where_declared(name, line));
        none(without.map(|(_, line)| line.fault("say after # why it is there")));
    }
}

#[test]
fn only_the_store_names_its_engine() {
    let elsewhere = |line: &Line| {
        let told = ["src/store/", "tests/", "tools/"].iter().any(|folder| line.file.starts_with(folder));
        !told && line.says("sled")
    };
    none(lines("", ".rs").into_iter().filter(elsewhere).map(|line| line.fault("only src/store knows the engine")));
}

#[test]
fn only_the_store_speaks_to_a_server_of_entries() {
    let sql = ["tokio_postgres", "select 1", "insert into ", "delete from ", "create table ", "minutebook.entry"];
    let elsewhere = |line: &Line| {
        let told = ["src/store/postgres/", "tests/", "tools/"].iter().any(|folder| line.file.starts_with(folder));
        !told && sql.iter().any(|word| line.code().to_lowercase().contains(word))
    };
    none(lines("", ".rs").into_iter().filter(elsewhere).map(|line| line.fault("only src/store/postgres speaks SQL")));
}

/// Whether a text has a telephone number: ten digits or more from a nought or +44, spaces aside.
fn has_telephone(text: &str) -> bool {
    let starts = text.char_indices().filter(|(at, c)| {
        let before = text[..*at].chars().next_back();
        (*c == '0' || text[*at..].starts_with("+44"))
            && before.is_none_or(|before| !before.is_alphanumeric() && !"-.,/£".contains(before))
    });
    starts.into_iter().any(|(at, _)| {
        let rest = text[at..].trim_start_matches('+').chars();
        rest.take_while(|c| c.is_ascii_digit() || *c == ' ').filter(char::is_ascii_digit).count() >= 10
    })
}

#[test]
fn the_record_holds_no_way_to_reach_a_person() {
    assert!(has_telephone("call 01632 96 04 56") && has_telephone("(+44 20 7946 0000)"));
    assert!(!has_telephone("00000000-0000-0000-0000-000000000000 on 2021-05-01, £0.99m"));
    let address = |text: &str| {
        text.split('@').zip(text.split('@').skip(1)).any(|(name, host)| {
            name.ends_with(|c: char| c.is_alphanumeric()) && host.starts_with(|c: char| c.is_alphanumeric())
        })
    };
    let reaches = |line: &Line| address(&line.text) || has_telephone(&line.text);
    let record = lines("events/kent", ".toml").into_iter().filter(reaches);
    none(record.map(|line| line.fault("offices decide, not people: leave out how to reach one")));
}
