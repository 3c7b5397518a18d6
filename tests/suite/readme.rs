//! README's output is real: every `console` block is run as a reader would run it, in order, in one folder, and must
//! say what README says. `cat FILE` shows a file that the reader writes: it is written. A line that is only `…` stands for any lines; `…` within a line stands for any text.

use std::process::Command;

/// A command of README, and the lines that it is said to print.
struct Shown {
    command: String,
    lines: Vec<String>,
}

/// Commands that a test does not run: they build, or run the tests themselves.
fn is_run(command: &str) -> bool {
    command.starts_with("minutebook ") || command.starts_with("cargo run --release -- ")
}

fn shown(readme: &str) -> Vec<Shown> {
    let mut all: Vec<Shown> = vec![];
    let mut inside = false;
    for line in readme.lines() {
        match (line, inside) {
            ("```console", _) => inside = true,
            ("```", true) => inside = false,
            (line, true) => match (line.strip_prefix("$ "), all.last_mut()) {
                (Some(command), _) => all.push(Shown { command: command.to_owned(), lines: vec![] }),
                (None, Some(shown)) => shown.lines.push(line.trim_end().to_owned()),
                (None, None) => panic!("README: output before any command: {line}"),
            },
            _ => {}
        }
    }
    all
}

/// Whether a line is as shown, `…` standing for any text.
fn is_like(shown: &str, line: &str) -> bool {
    let mut parts = shown.split('…');
    let Some(rest) = line.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let mut rest = rest;
    let mut open = false;
    for part in parts {
        open = true;
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.is_empty() || open && shown.ends_with('…')
}

/// The first shown line that the output does not have where it should.
fn missing<'a>(shown: &'a [String], output: &[&str]) -> Option<&'a str> {
    let mut at = 0;
    let mut skipping = false;
    for line in shown {
        if line == "…" {
            skipping = true;
            continue;
        }
        let found = (at..output.len()).take(if skipping { usize::MAX } else { 1 }).find(|n| is_like(line, output[*n]));
        match found {
            Some(n) => at = n + 1,
            None => return Some(line),
        }
        skipping = false;
    }
    (!skipping && at < output.len()).then_some("(the end, and there is more)")
}

#[test]
fn every_command_in_readme_says_what_readme_shows() {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).unwrap();
    let home = tempfile::tempdir().unwrap();
    std::os::unix::fs::symlink(concat!(env!("CARGO_MANIFEST_DIR"), "/events"), home.path().join("events")).unwrap();
    let commands = shown(&readme);
    let mut run = 0;
    for Shown { command, lines } in &commands {
        if let Some(file) = command.strip_prefix("cat ") {
            std::fs::write(home.path().join(file), lines.join("\n") + "\n").unwrap();
        }
        if !is_run(command) {
            continue;
        }
        let args = command.strip_prefix("cargo run --release -- ").or(command.strip_prefix("minutebook ")).unwrap();
        // What serves until it is stopped is stopped; it listens at a free port.
        let program = match args.ends_with("--serve") {
            true => format!("MINUTEBOOK_LISTEN=127.0.0.1:0 timeout -s INT 10 '{}'", env!("CARGO_BIN_EXE_minutebook")),
            false => format!("'{}'", env!("CARGO_BIN_EXE_minutebook")),
        };
        let shell =
            Command::new("sh").arg("-c").arg(format!("{program} {args} 2>&1")).current_dir(home.path()).output();
        let output = String::from_utf8(shell.unwrap().stdout).unwrap();
        let output: Vec<&str> = output.lines().map(str::trim_end).collect();
        if let Some(line) = missing(lines, &output) {
            panic!(
                "README shows this for `{command}`, and it is not there:\n{line}\n\nthe output is:\n{}",
                output.join("\n")
            );
        }
        run += 1;
    }
    assert!(run >= 6, "README shows {run} commands with their output");
}
