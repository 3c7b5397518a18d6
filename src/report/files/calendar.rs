//! Key dates as iCalendar (RFC 5545): when terms, contracts and notices end, by when an option has to be used, steps and reviews,
//! and the day after which a decision may be implemented. What is only planned, endorsed, proposed or inferred is tentative, and
//! says so. It must not find a date that no entry and no clause gives.
//!
//! An event keeps its UID for as long as it is about the same thing, so that a calendar which subscribes is brought up to date.

use super::folder::{Draft, FolderError, Output};
use super::matter::{Matter, Matters};
use chrono::{DateTime, Utc};
use icalendar::{Calendar, Component, Event, EventLike, EventStatus};
use minutebook_events::{ContractId, DateSpan, Day, EventKind, Hash, TimeRange, working_days};
use minutebook_projections::{At, Fact, Key, Knowing, Projections, Recorded, Timeline, tell};
use std::sync::Arc;

/// The file's name.
const NAME: &str = "key-dates.ics";

const END: &str = "END:VCALENDAR\r\n";

/// The file while it is written.
pub(super) struct KeyDates {
    /// What it begins with, until there is something to write: a calendar with nothing in it is none (RFC 5545, 3.6).
    head: String,
    file: Option<Output>,
}

impl KeyDates {
    pub(super) fn begin(matters: &Matters<'_>) -> Self {
        let mut empty = Calendar::empty();
        empty.append_property(("VERSION", "2.0")).append_property(("PRODID", "-//Minutebook//Key dates//EN"));
        empty.append_property(("CALSCALE", "GREGORIAN"));
        empty.name("Contracts: key dates").description(&matters.at().words());
        let head = folded(&empty.to_string());
        Self { head: head.strip_suffix(END).unwrap_or(&head).to_owned(), file: None }
    }

    pub(super) fn take(&mut self, draft: &mut Draft, events: &[u8]) -> Result<(), FolderError> {
        if events.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                let mut file = draft.file(NAME)?;
                file.write(self.head.as_bytes())?;
                none.insert(file)
            }
        };
        file.write(events)
    }

    pub(super) fn end(self) -> Result<(), FolderError> {
        let Some(mut file) = self.file else { return Ok(()) };
        file.write(END.as_bytes())?;
        file.end()
    }
}

/// A date, and what it is the date of.
struct KeyDate {
    /// What it is about: the same for as long as it is.
    about: String,
    summary: String,
    on: DateSpan,
    is_firm: bool,
    says: String,
}

/// The key dates of some contracts, one after the other; `call_in` is how many working days a decision may be called in.
pub(super) fn part(matter: &Matter<'_>, call_in: Option<u32>) -> Vec<u8> {
    let stamp = matter.recorded().map_or(DateTime::UNIX_EPOCH, |recorded| recorded.utc());
    let acts = call_in.map(|days| (days, matter.all().acts(matter.at())));
    let mut text = String::new();
    for contract in matter.contracts {
        let mut dates = of_contract(matter.all(), contract, matter.at());
        dates.extend(acts.iter().flat_map(|(days, acts)| implementable(acts, contract, *days)));
        dates.sort_by(|a, b| (a.on, &a.about).cmp(&(b.on, &b.about)));
        text.extend(dates.iter().filter_map(|date| date.event(stamp)).map(|event| folded(&event.to_string())));
    }
    text.into_bytes()
}

/// The same with each line folded so that none is longer than 75 octets, its space included (RFC 5545, 3.1): the crate does not
/// count the space.
fn folded(text: &str) -> String {
    const MOST: usize = 75;
    let whole = text.replace("\r\n ", "");
    let mut folded = String::with_capacity(text.len());
    for line in whole.split_terminator("\r\n") {
        let mut length = 0;
        for letter in line.chars() {
            if length + letter.len_utf8() > MOST {
                folded.push_str("\r\n ");
                length = 1;
            }
            folded.push(letter);
            length += letter.len_utf8();
        }
        folded.push_str("\r\n");
    }
    folded
}

impl KeyDate {
    /// Nothing where the record sets neither end of its span.
    fn event(&self, stamp: DateTime<Utc>) -> Option<Event> {
        let (earliest, latest) = (self.on.earliest(), self.on.latest());
        let (first, last) = match (earliest == Day::MIN, latest == Day::MAX) {
            (true, true) => return None,
            (true, false) => (latest, latest),
            (false, true) => (earliest, earliest),
            (false, false) => (earliest, latest),
        };
        let uid = format!("{}@minutebook", &Hash::of([self.about.as_bytes()]).to_string()[..32]);
        let status = if self.is_firm { EventStatus::Confirmed } else { EventStatus::Tentative };
        let mut event = Event::new();
        event.uid(&uid).timestamp(stamp).summary(&self.summary).description(&self.says).status(status);
        // It takes nobody's time.
        event.starts(first).ends(last.succ_opt()?).add_property("TRANSP", "TRANSPARENT");
        Some(event.done())
    }
}

fn of_contract(all: &Projections, contract: &ContractId, at: At) -> Vec<KeyDate> {
    let mut dates = vec![];
    for (key, timeline) in all.timelines_of(contract).filter(|(_, timeline)| timeline.is_counted(at)) {
        for (fact, is_answer) in told(timeline, at) {
            for dated in dated(all, contract, fact, at) {
                let of_fact = if is_answer { String::new() } else { format!(" {}.{}", fact.position(), fact.place()) };
                dates.push(KeyDate {
                    about: format!("{contract} {key} {}{of_fact}", dated.what),
                    ..key_date(all, (contract, key), fact, &dated, at)
                });
            }
        }
    }
    dates
}

/// What is told of a timeline: what is in effect or takes effect first, and what stands beside it.
fn told(timeline: &Timeline, at: At) -> Vec<(&Fact, bool)> {
    let selection = timeline.select(at);
    // A step that is over is in no effect any more, and stays a date.
    let over = || timeline.counted(at).filter(|fact| matches!(fact.event().kind, EventKind::Milestone { .. })).last();
    let answer = selection.answer.or_else(|| selection.later().next()).or_else(over);
    let beside = selection.beside.iter().copied().chain(selection.later());
    let mut told: Vec<(&Fact, bool)> = answer.into_iter().map(|fact| (fact, true)).collect();
    for fact in beside {
        if !told.iter().any(|(known, _)| std::ptr::eq(*known, fact)) {
            told.push((fact, false));
        }
    }
    told
}

/// A date that a fact sets.
struct Dated<'a> {
    what: &'static str,
    on: DateSpan,
    /// Whether it lasts for all of these days; otherwise it is on one of them.
    lasts: bool,
    /// What else it rests on: it stands no firmer than that.
    besides: Option<&'a Fact>,
}

/// The dates that a fact sets.
fn dated<'a>(all: &'a Projections, contract: &ContractId, fact: &'a Fact, at: At) -> Vec<Dated<'a>> {
    let alone = |what, on| vec![Dated { what, on, lasts: false, besides: None }];
    match &fact.event().kind {
        EventKind::TermSet { last_day, .. } | EventKind::Extended { last_day, .. } => alone("term ends", *last_day),
        EventKind::Commenced { .. } => alone("starts", fact.effective()),
        EventKind::Ended { .. } => alone("ends", fact.effective().plus_days(-1)),
        EventKind::Milestone { .. } => {
            let days = fact.effective().exact().zip(fact.until().and_then(DateSpan::exact));
            match days.and_then(|(first, last)| DateSpan::new(first, last)) {
                Some(on) => vec![Dated { what: "step", on, lasts: true, besides: None }],
                None => alone("step", fact.effective()),
            }
        }
        EventKind::NoticeGiven { months, .. } => {
            let runs_out = moved(fact.effective(), |day| months.after(day));
            runs_out.map_or_else(Vec::new, |on| alone("notice runs out", on))
        }
        // An option is used before the term that it extends has run out: with the notice that the contract sets, where it does.
        EventKind::OptionGranted { part, .. } => {
            let Some(terms) = all.terms(contract, part, at) else { return vec![] };
            let of_term = |what, day| Dated { what, on: DateSpan::day(day), lasts: false, besides: Some(terms.set) };
            let last = terms.first.last_day();
            let notice = all.last_notice(contract, part, at);
            let last_notice = notice.map(|notice| of_term("last day of notice to use the option", notice.day));
            last_notice.into_iter().chain([of_term("last day of the term that the option extends", last)]).collect()
        }
        _ => vec![],
    }
}

fn moved(span: DateSpan, to: impl Fn(Day) -> Option<Day>) -> Option<DateSpan> {
    let side = |day: Day| if day == Day::MIN || day == Day::MAX { Some(day) } else { to(day) };
    DateSpan::new(side(span.earliest())?, side(span.latest())?)
}

fn key_date(
    all: &Projections,
    (contract, key): (&ContractId, &Key),
    fact: &Fact,
    Dated { what, on, lasts, besides }: &Dated<'_>,
    at: At,
) -> KeyDate {
    let event = fact.event();
    // It stands as firmly as the weakest of what it rests on.
    let facts = || [fact].into_iter().chain(*besides);
    let standings = facts().map(Fact::standing);
    let standing = standings.min_by_key(|standing| standing.strength()).unwrap_or(event.standing);
    let part = event.kind.part();
    let part = if part.is_whole() { String::new() } else { format!(", {part}") };
    let what = match &event.kind {
        EventKind::Milestone { title, .. } => title.as_str(),
        _ => what,
    };
    // A calendar has a day in any case: that the record does not have it is said.
    let is_known = on.exact().is_some() || *lasts;
    let when = if is_known { String::new() } else { format!(" {on}") };
    let written = |fact: &Fact| {
        let (event, act) = (fact.event(), fact.act());
        let sources: Vec<String> = event.sources.iter().map(ToString::to_string).collect();
        let because =
            event.because.as_deref().map(|because| format!("Inferred since: {because}\n")).unwrap_or_default();
        let says = Knowing::from(tell(event)).words();
        let (sources, act, kind) = (sources.join(", "), &act.reference, act.kind);
        format!("{says} ({}), written in {sources}, by {act} ({kind})\n{because}", event.standing)
    };
    let written: String = facts().map(written).collect();
    let days = match TimeRange::to_last_day(on.earliest(), on.latest()).filter(|_| *lasts) {
        Some(days) => days.to_string(),
        None => on.to_string(),
    };
    KeyDate {
        about: String::new(),
        summary: format!("{}{part}: {what}{when} ({standing})", all.title(contract, at)),
        on: *on,
        is_firm: standing.is_firm() && is_known,
        says: format!("{days} ({standing})\n{written}Contract {contract}, fact {key}: {}", at.words()),
    }
}

/// The days after which decisions about a contract may be implemented: where they may be called in, so many working days after
/// they were taken. A decision about several contracts is told with the first of them.
fn implementable(acts: &[Arc<Recorded>], contract: &ContractId, days: u32) -> Vec<KeyDate> {
    let of_contract = acts.iter().filter(|recorded| recorded.entry.contracts().into_iter().min() == Some(contract));
    of_contract
        .filter_map(|recorded| {
            let act = &recorded.entry.act;
            let on = working_days::call_in_ends(act, days)?;
            Some(KeyDate {
                about: format!("{} call-in", act.reference),
                summary: format!("{}: may be implemented after this day, unless it is called in", act.reference),
                on,
                // It is our conclusion, and a call-in may come between.
                is_firm: false,
                says: format!(
                    "{}\nTaken {}; {days} working days of call-in end {on}, inferred from the setting of this report and the bank \
                     holidays of England",
                    act.title, act.decided
                ),
            })
        })
        .collect()
}
