//! The record beside the documents it was read from: facts and figures are taken from them, sentences are not.

use crate::shared::shared;
use std::collections::HashSet;

/// As many words in a row as no two writers choose alike.
const RUN: usize = 10;

fn words(text: &str) -> Vec<String> {
    let split = text.split(|c: char| !(c.is_alphanumeric() || "£%.'/".contains(c)));
    split.filter(|word| !word.is_empty()).map(str::to_lowercase).collect()
}

/// What a thing is called is a fact: its line may hold the documents' own words for it.
fn is_name(line: &str) -> bool {
    ["title = ", "name = ", "clause = { procedure"].iter().any(|start| line.trim_start().starts_with(start))
}

#[test]
fn no_decision_file_repeats_a_sentence_of_a_document() {
    let Some(folder) = shared("sources") else { return };
    let mut runs: HashSet<Vec<String>> = HashSet::new();
    for paper in std::fs::read_dir(folder).unwrap() {
        let paper = words(&std::fs::read_to_string(paper.unwrap().path()).unwrap());
        runs.extend(paper.windows(RUN).map(<[String]>::to_vec));
    }
    assert!(runs.len() > 10_000, "the documents are there and have words");
    for (name, text) in minutebook::kent::decision_files() {
        let own: Vec<&str> = text.lines().filter(|line| !is_name(line)).collect();
        let own = words(&own.join("\n"));
        let taken = own.windows(RUN).find(|run| runs.contains(*run));
        assert_eq!(taken, None, "{name} repeats a document");
    }
}
