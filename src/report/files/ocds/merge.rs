//! The standard's merge (OCDS 1.1, "Merging"): releases, in the order of their dates, come to a compiled release, and to a versioned
//! one that keeps every value. And its inverse: what a release must say so that what came before comes to what holds now.
//!
//! Fields of objects merge one by one, objects in lists by their `id`, everything else is replaced; `null` deletes a field. So
//! nothing is taken out of a list of objects again: what is taken out leaves its id, and the `awardID` that a contract must have.
//!
//! Both releases are one thing here: of each field every value that it had, of which the compiled release has the last. What a
//! release adds costs as much as it says, however many came before.

use super::json::{Json, Name, write_each, write_name, write_text};
use std::collections::{HashMap, HashSet};
use std::mem;

/// Lists of objects that are replaced as a whole: `wholeListMerge` in the schema.
const WHOLE: [&str; 2] = ["additionalIdentifiers", "additionalClassifications"];

/// What releases come to so far.
#[derive(Debug, Default)]
pub struct Merged {
    ocid: Option<Json>,
    date: Option<Json>,
    /// Of each release, as it is written beside a value: its id, its date and its tags.
    releases: Vec<Vec<u8>>,
    fields: Fields,
}

type Fields = Vec<(Name, Node)>;

#[derive(Debug)]
enum Node {
    Values(Values),
    Object(Fields),
    Items(Items),
}

/// Every value that a field had, each with the number of the release that said it; one that was deleted ends in `null`.
#[derive(Debug)]
struct Values {
    /// Most have no other, and take no room for more.
    last: (usize, Json),
    earlier: Vec<(usize, Json)>,
}

impl Values {
    fn of(release: usize, value: Json) -> Self {
        Self { last: (release, value), earlier: vec![] }
    }

    fn add(&mut self, release: usize, value: Json) {
        if self.last.1 != value {
            self.earlier.push(mem::replace(&mut self.last, (release, value)));
        }
    }

    fn last(&self) -> &Json {
        &self.last.1
    }

    fn each(&self) -> impl Iterator<Item = &(usize, Json)> {
        self.earlier.iter().chain([&self.last])
    }
}

/// Objects by their ids.
#[derive(Debug, Default)]
struct Items {
    all: Vec<(Option<Json>, Fields)>,
    places: HashMap<Json, usize>,
}

impl Items {
    fn get(&self, id: &Json) -> Option<&Fields> {
        self.places.get(id).map(|place| &self.all[*place].1)
    }

    /// That of an id, put there where it is not; one without an id is always another.
    fn of(&mut self, id: Option<Json>) -> &mut Fields {
        let known = id.as_ref().and_then(|id| self.places.get(id)).copied();
        let place = known.unwrap_or_else(|| {
            let place = self.all.len();
            self.places.extend(id.clone().map(|id| (id, place)));
            self.all.push((id, vec![]));
            place
        });
        &mut self.all[place].1
    }
}

/// What is known of a value now.
#[derive(Debug)]
pub enum Now {
    /// All of it: what it does not say is gone, and nothing is left of it where it is `null`.
    Whole(Json),
    /// Of an object these fields; the others are as they were.
    Fields(Vec<(Name, Now)>),
    /// Of a list of objects those of these ids, in order; the others are as they were.
    Items(Vec<(Json, Now)>),
}

impl Now {
    /// Some fields of an object.
    pub fn fields(fields: impl IntoIterator<Item = (&'static str, Self)>) -> Self {
        Self::Fields(fields.into_iter().map(|(name, now)| (name.into(), now)).collect())
    }

    fn is_gone(&self) -> bool {
        matches!(self, Self::Whole(Json::Null))
    }
}

impl From<Json> for Now {
    fn from(json: Json) -> Self {
        Self::Whole(if json.is_empty() { Json::Null } else { json })
    }
}

impl Merged {
    /// Takes in the next release.
    pub fn take(&mut self, release: Json) {
        let Json::Object(mut fields) = release else { return };
        let mut out = |name: &str| {
            let place = fields.iter().position(|(own, _)| own == name)?;
            Some(fields.remove(place).1)
        };
        let [id, date, tag] = ["id", "date", "tag"].map(&mut out);
        self.ocid = out("ocid");
        let mut said = vec![];
        for (name, value) in [("releaseID", &id), ("releaseDate", &date), ("releaseTag", &tag)] {
            write_name(name, &mut said);
            value.as_ref().unwrap_or(&Json::Null).write(&mut said);
            said.push(b',');
        }
        self.date = date;
        let number = self.releases.len();
        self.releases.push(said);
        merge(&mut self.fields, fields, number);
    }

    /// What has to be merged into these releases for these fields to say what is known now.
    pub fn change(&self, now: Vec<(Name, Now)>) -> Vec<(Name, Json)> {
        match change_of_fields(None, &self.fields, now, false) {
            Some(Json::Object(changed)) => changed,
            _ => vec![],
        }
    }

    /// Adds the compiled release to bytes.
    pub fn write_compiled(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(b"{\"tag\":[\"compiled\"]");
        if let (Some(Json::Text(ocid)), Some(Json::Text(date))) = (&self.ocid, &self.date) {
            to.extend_from_slice(b",\"id\":");
            write_text(&format!("{ocid}-{date}"), to);
        }
        for (name, value) in [("date", &self.date), ("ocid", &self.ocid)] {
            if let Some(value) = value {
                to.push(b',');
                write_name(name, to);
                value.write(to);
            }
        }
        self.fields.iter().for_each(|field| write_last(field, true, to));
        to.push(b'}');
    }

    /// Adds the versioned release to bytes.
    pub fn write_versioned(&self, to: &mut Vec<u8>) {
        to.extend_from_slice(b"{\"ocid\":");
        self.ocid.as_ref().unwrap_or(&Json::Null).write(to);
        self.fields.iter().for_each(|field| self.write_field(field, true, to));
        to.push(b'}');
    }

    fn write_field(&self, (name, node): &(Name, Node), follows: bool, to: &mut Vec<u8>) {
        if follows {
            to.push(b',');
        }
        write_name(name, to);
        match node {
            Node::Values(values) => write_each(to, *b"[]", values.each(), |(release, value), to| {
                to.push(b'{');
                to.extend_from_slice(&self.releases[*release]);
                write_name("value", to);
                value.write(to);
                to.push(b'}');
            }),
            Node::Object(fields) => {
                to.push(b'{');
                self.write_fields(fields, false, to);
                to.push(b'}');
            }
            Node::Items(items) => write_each(to, *b"[]", &items.all, |(id, fields), to| {
                let follows = open_item(id.as_ref(), to);
                self.write_fields(fields, follows, to);
                to.push(b'}');
            }),
        }
    }

    fn write_fields(&self, fields: &[(Name, Node)], follow: bool, to: &mut Vec<u8>) {
        for (number, field) in fields.iter().enumerate() {
            self.write_field(field, follow || number > 0, to);
        }
    }
}

/// Adds an item up to what follows its id, and says whether it has one: it is what an item is merged by, and no value of its own.
fn open_item(id: Option<&Json>, to: &mut Vec<u8>) -> bool {
    to.push(b'{');
    if let Some(id) = id {
        write_name("id", to);
        id.write(to);
    }
    id.is_some()
}

/// Adds the last value of a field to bytes, without what was deleted; what held it stays.
fn write_last((name, node): &(Name, Node), follows: bool, to: &mut Vec<u8>) {
    if follows {
        to.push(b',');
    }
    write_name(name, to);
    match node {
        Node::Values(values) => values.last().write(to),
        Node::Object(fields) => {
            to.push(b'{');
            write_last_fields(fields, false, to);
            to.push(b'}');
        }
        Node::Items(items) => write_each(to, *b"[]", &items.all, |(id, fields), to| {
            let follows = open_item(id.as_ref(), to);
            write_last_fields(fields, follows, to);
            to.push(b'}');
        }),
    }
}

fn write_last_fields(fields: &[(Name, Node)], mut follow: bool, to: &mut Vec<u8>) {
    for field in fields.iter().filter(|(_, node)| !node.is_deleted()) {
        write_last(field, follow, to);
        follow = true;
    }
}

impl Node {
    fn is_deleted(&self) -> bool {
        matches!(self, Self::Values(values) if *values.last() == Json::Null)
    }
}

/// The items of a list of objects, which merge by their ids; nothing where it is anything else.
fn are_objects(items: &[Json]) -> bool {
    items.iter().all(|item| matches!(item, Json::Object(_)))
}

/// Merges the fields of a release into those so far.
fn merge(into: &mut Fields, from: Vec<(Name, Json)>, release: usize) {
    for (name, value) in from {
        match value {
            Json::Object(fields) if fields.is_empty() => {}
            Json::List(items) if items.is_empty() => {}
            Json::Object(fields) => {
                if let Node::Object(own) = field(into, name, Node::Object(vec![])) {
                    merge(own, fields, release);
                }
            }
            Json::List(items) if are_objects(&items) && !WHOLE.contains(&name.as_ref()) => {
                if let Node::Items(own) = field(into, name, Node::Items(Items::default())) {
                    merge_items(own, items, release);
                }
            }
            value => match into.iter_mut().find(|(own, _)| *own == name) {
                Some((_, Node::Values(values))) => values.add(release, value),
                Some((_, other)) => *other = Node::Values(Values::of(release, value)),
                None => into.push((name, Node::Values(Values::of(release, value)))),
            },
        }
    }
}

fn merge_items(into: &mut Items, items: Vec<Json>, release: usize) {
    for item in items {
        let Json::Object(mut fields) = item else { continue };
        let place = fields.iter().position(|(name, _)| name == "id");
        let id = place.map(|place| fields.remove(place).1);
        merge(into.of(id), fields, release);
    }
}

/// The object or list of a field, put there where it is not; a field that was deleted may become anything.
fn field(fields: &mut Fields, name: Name, empty: Node) -> &mut Node {
    let place = fields.iter().position(|(own, _)| *own == name).unwrap_or(fields.len());
    match fields.get_mut(place) {
        Some((_, node)) if node.is_deleted() => *node = empty,
        Some(_) => {}
        None => fields.push((name, empty)),
    }
    &mut fields[place].1
}

fn get<'f, T>(fields: &'f [(Name, T)], name: &str) -> Option<&'f T> {
    fields.iter().find(|(own, _)| own == name).map(|(_, value)| value)
}

/// What has to be merged into a value for it to say what is known now; nothing where it does.
fn change(before: Option<&Node>, now: Now) -> Option<Json> {
    match (before, now) {
        (before, Now::Whole(Json::Null)) => before.and_then(gone),
        (Some(Node::Object(old)), Now::Whole(Json::Object(new))) => change_of_fields(None, old, whole(new), true),
        (Some(Node::Items(old)), Now::Whole(Json::List(new))) if are_objects(&new) => {
            let id = |item: Json| (item.get("id").cloned().unwrap_or(Json::Null), Now::Whole(item));
            change_of_items(Some(old), new.into_iter().map(id).collect(), true)
        }
        (Some(Node::Values(values)), Now::Whole(now)) => (*values.last() != now).then_some(now),
        (_, Now::Whole(now)) => Some(now),
        (Some(Node::Object(old)), Now::Fields(new)) => change_of_fields(None, old, new, false),
        (_, Now::Fields(new)) => change_of_fields(None, &[], new, false),
        (Some(Node::Items(old)), Now::Items(new)) => change_of_items(Some(old), new, false),
        (_, Now::Items(new)) => change_of_items(None, new, false),
    }
}

fn whole(fields: Vec<(Name, Json)>) -> Vec<(Name, Now)> {
    fields.into_iter().map(|(name, value)| (name, Now::Whole(value))).collect()
}

/// Ids stay: they say what the rest is said of, and the schema lets none be deleted.
fn stays(name: &str) -> bool {
    matches!(name, "id" | "awardID")
}

/// What has to be merged into the fields of an object, or of the item of this id; where they are all that is known now, whatever else
/// there is is gone.
fn change_of_fields(item: Option<Json>, old: &[(Name, Node)], new: Vec<(Name, Now)>, all: bool) -> Option<Json> {
    let is_gone = |name: &Name| get(&new, name).map_or(all, Now::is_gone);
    let gone: Vec<(Name, Json)> = old
        .iter()
        .filter(|(name, _)| !stays(name) && is_gone(name))
        .filter_map(|(name, node)| Some((name.clone(), gone(node)?)))
        .collect();
    let mut ids = [("id", item), ("awardID", None)];
    let (mut changed, mut has_other_id) = (vec![], false);
    for (name, now) in new {
        let before = get(old, &name);
        match (ids.iter_mut().find(|(id, _)| *id == name), now) {
            (_, Now::Whole(Json::Null)) => {}
            (Some((_, Some(_))), _) => {}
            (Some((_, id)), Now::Whole(now)) => {
                has_other_id |= !matches!(before, Some(Node::Values(values)) if *values.last() == now);
                *id = Some(now);
            }
            (_, now) => changed.extend(change(before, now).map(|change| (name, change))),
        }
    }
    changed.extend(gone);
    if changed.is_empty() && !has_other_id {
        return None;
    }
    let old_id = |name: &str| match get(old, name) {
        Some(Node::Values(values)) => Some(values.last().clone()),
        _ => None,
    };
    let ids = ids.into_iter().filter_map(|(name, id)| Some((Name::from(name), id.or_else(|| old_id(name))?)));
    Some(Json::Object(ids.chain(changed).collect()))
}

/// The same of the items of a list.
fn change_of_items(old: Option<&Items>, new: Vec<(Json, Now)>, all: bool) -> Option<Json> {
    let of = |id: &Json| old.and_then(|old| old.get(id));
    let gone: Vec<Json> = old.map_or_else(Vec::new, |old| {
        let left = new.iter().filter(|(_, now)| !now.is_gone()).filter_map(|(id, _)| old.places.get(id));
        let mut gone: Vec<usize> = if all {
            let left: HashSet<usize> = left.copied().collect();
            (0..old.all.len()).filter(|place| !left.contains(place)).collect()
        } else {
            new.iter().filter(|(_, now)| now.is_gone()).filter_map(|(id, _)| old.places.get(id).copied()).collect()
        };
        gone.sort_unstable();
        let gone = gone.into_iter().map(|place| &old.all[place]);
        gone.filter_map(|(id, fields)| change_of_fields(id.clone(), fields, vec![], true)).collect()
    });
    let mut changed = vec![];
    for (id, now) in new {
        changed.extend(match (of(&id), now) {
            (_, Now::Whole(Json::Null) | Now::Items(_)) => None,
            (Some(before), Now::Whole(Json::Object(now))) => change_of_fields(Some(id), before, whole(now), true),
            (before, Now::Fields(now)) => change_of_fields(Some(id), before.map_or(&[], Vec::as_slice), now, false),
            (_, Now::Whole(now)) => Some(now),
        });
    }
    changed.extend(gone);
    (!changed.is_empty()).then_some(Json::List(changed))
}

/// What deletes all that a value says and that can be deleted; nothing where nothing is left of it.
fn gone(node: &Node) -> Option<Json> {
    match node {
        Node::Values(values) => (*values.last() != Json::Null).then_some(Json::Null),
        Node::Object(fields) => change_of_fields(None, fields, vec![], true),
        Node::Items(items) => change_of_items(Some(items), vec![], true),
    }
}
