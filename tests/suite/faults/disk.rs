//! What a disk may hold when the power goes. It is told every call that writes or syncs, in order, and keeps apart what is
//! durable and what is not yet. It must not know what a ledger is.
//!
//! Durable is what a sync of the file (its bytes and length) or of the folder (its names) came after. Of the rest:
//! - each sector of 512 bytes has what it had after any of the writes to it since the last sync, the newest or the oldest;
//! - a file has a length that it had at any time since then, with zeros where its bytes are lost;
//! - names are as after any part of the changes since then, as long as no change is kept without those before it to
//!   the same name or the same file; or, as a journalling file system does it, as after the first few of all changes.
//!
//! It cannot show a disk that lies about its sync, one that tears a sector or damages one beside it, faults of the file
//! system itself, nor what calls do that the layer does not see.

use super::layer::Call;
use super::random;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

const SECTOR: u64 = 512;

type Id = usize;

/// A folder and all below it, durable and not.
#[derive(Clone)]
pub struct Disk {
    nodes: Vec<Node>,
    by_inode: HashMap<u64, Id>,
    /// Changes of names that are not durable.
    since: Vec<Naming>,
}

#[derive(Clone)]
enum Node {
    File { durable: Vec<u8>, since: Vec<Change> },
    Folder { durable: Names, now: Names },
}

type Names = BTreeMap<String, Id>;

#[derive(Clone)]
enum Change {
    Write { at: u64, bytes: Vec<u8> },
    Resize { to: u64 },
}

/// A name in a folder.
type Name = (Id, String);

/// A name that goes, one that comes, or both at once.
#[derive(Clone)]
struct Naming {
    gone: Option<Name>,
    come: Option<Name>,
    /// What is named.
    about: Id,
}

const ROOT: Id = 0;

impl Disk {
    /// A folder as it is, all of it durable.
    pub fn of(folder: &Path) -> Self {
        let mut disk = Self { nodes: Vec::new(), by_inode: HashMap::new(), since: Vec::new() };
        disk.take_in(folder);
        disk
    }

    fn take_in(&mut self, path: &Path) -> Id {
        let about = path.metadata().expect("it is there");
        if about.is_file() {
            return self.add(about.ino(), Node::File { durable: fs::read(path).expect("it reads"), since: vec![] });
        }
        let folder = self.add(about.ino(), Node::empty());
        let items = fs::read_dir(path).expect("it reads").map(|item| item.expect("it reads"));
        let names: Names = items.map(|item| (text(item.file_name().as_ref()), self.take_in(&item.path()))).collect();
        self.nodes[folder] = Node::Folder { durable: names.clone(), now: names };
        folder
    }

    fn add(&mut self, inode: u64, node: Node) -> Id {
        self.nodes.push(node);
        let id = self.nodes.len() - 1;
        // An inode is used again when its file is gone.
        self.by_inode.insert(inode, id);
        id
    }

    /// What a call does.
    pub fn apply(&mut self, call: &Call) {
        match call {
            Call::Created { path, file } => {
                let about = self.add(*file, Node::File { durable: vec![], since: vec![] });
                self.rename(Naming { gone: None, come: Some(self.name(path)), about });
            }
            Call::Folder { path, file } => {
                let about = self.add(*file, Node::empty());
                self.rename(Naming { gone: None, come: Some(self.name(path)), about });
            }
            Call::Renamed { path, to } => {
                let about = self.find(path);
                self.rename(Naming { gone: Some(self.name(path)), come: Some(self.name(to)), about });
            }
            Call::Removed { path } => {
                let about = self.find(path);
                self.rename(Naming { gone: Some(self.name(path)), come: None, about });
            }
            Call::Written { file, at, bytes } => self.write(*file, Change::Write { at: *at, bytes: bytes.clone() }),
            Call::Resized { file, to } => self.write(*file, Change::Resize { to: *to }),
            Call::Synced { file } => self.sync(self.by_inode[file]),
            Call::Started | Call::Printed(_) | Call::Met { .. } => {}
        }
    }

    fn find(&self, path: &Path) -> Id {
        path.components().fold(ROOT, |id, name| match &self.nodes[id] {
            Node::Folder { now, .. } => now[&text(name.as_os_str().as_ref())],
            Node::File { .. } => panic!("{} lies in a file", path.display()),
        })
    }

    fn name(&self, path: &Path) -> Name {
        let folder = path.parent().expect("the folder itself is never renamed or removed");
        (self.find(folder), text(Path::new(path.file_name().expect("a name"))))
    }

    fn rename(&mut self, naming: Naming) {
        naming.apply(|folder, name, node| match &mut self.nodes[folder] {
            Node::Folder { now, .. } => set(now, name, node),
            Node::File { .. } => panic!("names are in folders"),
        });
        self.since.push(naming);
    }

    fn write(&mut self, inode: u64, change: Change) {
        let id = self.by_inode[&inode];
        let Node::File { since, .. } = &mut self.nodes[id] else { panic!("bytes are in files") };
        since.push(change);
    }

    fn sync(&mut self, id: Id) {
        match &mut self.nodes[id] {
            Node::File { durable, since } => since.drain(..).for_each(|change| change.apply(durable)),
            Node::Folder { .. } => self.sync_names(id),
        }
    }

    /// All changes of names in a folder are durable, and with them those that they rest on elsewhere.
    fn sync_names(&mut self, folder: Id) {
        let (mut due, mut met) = (vec![], Met::default());
        for naming in std::mem::take(&mut self.since).into_iter().rev() {
            if naming.names().any(|(other, _)| *other == folder) || met.has(&naming) {
                met.add(&naming);
                due.push(naming);
            } else {
                self.since.push(naming);
            }
        }
        self.since.reverse();
        for naming in due.into_iter().rev() {
            naming.apply(|folder, name, node| match &mut self.nodes[folder] {
                Node::Folder { durable, .. } => set(durable, name, node),
                Node::File { .. } => panic!("names are in folders"),
            });
        }
    }

    /// Writes into an empty folder what the disk may hold if the power goes now.
    pub fn cut(&self, seed: u64, into: &Path) {
        let luck = Luck::new(seed);
        self.put(ROOT, &luck, &self.names_left(&luck), into);
    }

    /// The names in each folder.
    fn names_left(&self, luck: &Luck) -> Vec<Names> {
        let durable =
            |node: &Node| if let Node::Folder { durable, .. } = node { durable.clone() } else { Names::new() };
        let mut names: Vec<_> = self.nodes.iter().map(durable).collect();
        let journalled = luck.of(0).is_multiple_of(2);
        let mut lost = Met::default();
        for (naming, number) in self.since.iter().zip(1..) {
            let rests_on_lost = lost.has(naming) || journalled && !lost.nodes.is_empty();
            if !rests_on_lost && luck.keeps(number) {
                naming.apply(|folder, name, node| set(&mut names[folder], name, node));
            } else {
                lost.add(naming);
            }
        }
        names
    }

    fn put(&self, id: Id, luck: &Luck, names: &[Names], into: &Path) {
        if let Node::File { durable, since } = &self.nodes[id] {
            let written = fs::write(into, cut_file(durable, since, &luck.about(id)));
            // Who may read a file is not modelled: a private key stays one.
            let private = written.and_then(|()| fs::set_permissions(into, fs::Permissions::from_mode(0o600)));
            return private.expect("a file in our own folder");
        }
        if id != ROOT {
            fs::create_dir(into).expect("a folder in our own");
        }
        names[id].iter().for_each(|(name, id)| self.put(*id, luck, names, &into.join(name)));
    }
}

impl Node {
    fn empty() -> Self {
        Self::Folder { durable: Names::new(), now: Names::new() }
    }
}

impl Naming {
    /// Tells the folder, the name, and what it names from now on.
    fn apply(&self, mut tell: impl FnMut(Id, &str, Option<Id>)) {
        if let Some((folder, name)) = &self.gone {
            tell(*folder, name, None);
        }
        if let Some((folder, name)) = &self.come {
            tell(*folder, name, Some(self.about));
        }
    }

    fn names(&self) -> impl Iterator<Item = &Name> {
        self.gone.iter().chain(&self.come)
    }
}

/// What some changes of names were about, so that those that rest on them are known.
#[derive(Default)]
struct Met {
    names: BTreeSet<Name>,
    nodes: BTreeSet<Id>,
}

impl Met {
    fn add(&mut self, naming: &Naming) {
        self.names.extend(naming.names().cloned());
        self.nodes.insert(naming.about);
    }

    fn has(&self, naming: &Naming) -> bool {
        self.nodes.contains(&naming.about) || naming.names().any(|name| self.names.contains(name))
    }
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Resize { to } => content.resize(size(*to), 0),
            Self::Write { at, bytes } => {
                let (start, end) = (size(*at), size(*at) + bytes.len());
                content.resize(content.len().max(end), 0);
                content[start..end].copy_from_slice(bytes);
            }
        }
    }

    fn length_after(&self, length: u64) -> u64 {
        match self {
            Self::Write { at, bytes } => length.max(at + bytes.len() as u64),
            Self::Resize { to } => *to,
        }
    }

    fn sectors(&self) -> std::ops::Range<u64> {
        match self {
            Self::Write { at, bytes } => at / SECTOR..(at + bytes.len() as u64).div_ceil(SECTOR),
            Self::Resize { .. } => 0..0,
        }
    }
}

/// The content of a file: a length that it had, and in each sector what some write left there.
fn cut_file(durable: &[u8], since: &[Change], luck: &Luck) -> Vec<u8> {
    let newest = newest_writes(since, luck);
    let lengths_kept = (0..since.len()).take_while(|number| luck.keeps(!(*number as u64))).count();
    let (mut content, mut was, mut length) = (durable.to_vec(), durable.len() as u64, durable.len() as u64);
    for (number, change) in since.iter().enumerate() {
        match change {
            Change::Resize { to } if number < lengths_kept => content.resize(size(*to), 0),
            Change::Resize { .. } => {}
            Change::Write { at, bytes } => {
                for sector in change.sectors().filter(|sector| newest.get(sector).is_some_and(|last| number <= *last)) {
                    let start = (sector * SECTOR).max(*at);
                    let end = ((sector + 1) * SECTOR).min(at + bytes.len() as u64);
                    content.resize(content.len().max(size(end)), 0);
                    content[size(start)..size(end)].copy_from_slice(&bytes[size(start - at)..size(end - at)]);
                }
            }
        }
        was = change.length_after(was);
        if number < lengths_kept {
            length = was;
        }
    }
    content.resize(size(length), 0);
    content
}

/// The last write that each sector holds, of those that are not lost; it holds those before as well.
fn newest_writes(since: &[Change], luck: &Luck) -> HashMap<u64, usize> {
    let mut newest = HashMap::new();
    for (number, change) in since.iter().enumerate() {
        let torn = luck.of(number as u64).is_multiple_of(3);
        let kept = change.sectors().filter(|sector| luck.keeps(if torn { sector << 20 } else { 0 } | number as u64));
        newest.extend(kept.map(|sector| (sector, number)));
    }
    newest
}

/// Chance, the same for the same seed. In some cuts nearly all is lost, in some hardly anything.
struct Luck {
    seed: u64,
    /// How many of 100 changes are kept.
    kept: u64,
}

impl Luck {
    fn new(seed: u64) -> Self {
        Self { seed, kept: [0, 10, 50, 50, 90, 99][size(random(seed, 0) % 6)] }
    }

    fn about(&self, id: Id) -> Self {
        Self { seed: random(self.seed, id as u64), kept: self.kept }
    }

    fn of(&self, what: u64) -> u64 {
        random(self.seed ^ 0xC07, what)
    }

    fn keeps(&self, what: u64) -> bool {
        random(self.seed, what) % 100 < self.kept
    }
}

fn set(names: &mut Names, name: &str, node: Option<Id>) {
    match node {
        Some(node) => drop(names.insert(name.to_owned(), node)),
        None => drop(names.remove(name)),
    }
}

fn size(number: u64) -> usize {
    usize::try_from(number).expect("files here are small")
}

fn text(name: &Path) -> String {
    name.to_str().expect("our names are text").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;
    use tempfile::TempDir;

    const NEW: u64 = u64::MAX;

    fn written(bytes: &[u8]) -> [Call; 2] {
        let path = PathBuf::from("file");
        [Call::Created { path, file: NEW }, Call::Written { file: NEW, at: 0, bytes: bytes.to_vec() }]
    }

    /// What the file may hold after these calls, over many cuts; `None` where it is not there.
    fn cuts(calls: impl IntoIterator<Item = Call>) -> BTreeSet<Option<Vec<u8>>> {
        let folder = TempDir::new().unwrap();
        let root = folder.path().metadata().unwrap().ino();
        let mut disk = Disk::of(folder.path());
        // The folder itself is inode 0 in these calls.
        disk.by_inode.insert(0, disk.by_inode[&root]);
        calls.into_iter().for_each(|call| disk.apply(&call));
        let cut = |seed| {
            let into = TempDir::new().unwrap();
            disk.cut(seed, into.path());
            fs::read(into.path().join("file")).ok()
        };
        (0..400).map(cut).collect()
    }

    #[test]
    fn what_was_not_synced_is_there_or_not_or_in_part() {
        let bytes = [[1; 512], [2; 512]].concat();
        let seen = cuts(written(&bytes));
        let torn = [[1; 512], [0; 512]].concat();
        for expected in [None, Some(vec![]), Some(vec![0; 1024]), Some(torn), Some(bytes)] {
            assert!(seen.contains(&expected), "{expected:?} never happens");
        }
        assert!(seen.iter().flatten().all(|content| content.len() == 1024 || content.is_empty()));
    }

    #[test]
    fn a_synced_file_has_its_bytes_and_a_synced_folder_its_names() {
        let bytes = vec![7; 600];
        let file = Call::Synced { file: NEW };
        let seen = cuts(written(&bytes).into_iter().chain([file.clone()]));
        assert_eq!(seen, [None, Some(bytes.clone())].into());
        let seen = cuts(written(&bytes).into_iter().chain([file, Call::Synced { file: 0 }]));
        assert_eq!(seen, [Some(bytes)].into());
    }

    #[test]
    fn a_name_is_never_kept_without_the_change_that_it_rests_on() {
        let renamed = [
            Call::Created { path: "draft".into(), file: NEW },
            Call::Synced { file: 0 },
            Call::Written { file: NEW, at: 0, bytes: vec![1] },
            Call::Synced { file: NEW },
            Call::Renamed { path: "draft".into(), to: "file".into() },
            Call::Removed { path: "file".into() },
        ];
        assert_eq!(cuts(renamed), [None, Some(vec![1])].into());
    }

    #[test]
    fn a_name_moves_between_folders_whole_or_not_at_all() {
        let moved = [
            Call::Folder { path: "draft".into(), file: 1 },
            Call::Created { path: "draft/copy".into(), file: NEW },
            Call::Renamed { path: "draft/copy".into(), to: "file".into() },
        ];
        assert_eq!(cuts(moved.clone()), [None, Some(vec![])].into());
        assert_eq!(cuts(moved.into_iter().chain([Call::Synced { file: 0 }])), [Some(vec![])].into());
    }

    #[test]
    fn a_sector_holds_all_writes_up_to_one_of_them() {
        let call = |at, byte| Call::Written { file: NEW, at, bytes: vec![byte; 100] };
        let synced = [Call::Synced { file: NEW }, Call::Synced { file: 0 }];
        let calls = written(&[0; 512]).into_iter().chain(synced).chain([call(0, 1), call(100, 2)]);
        let seen: BTreeSet<_> = cuts(calls).into_iter().map(|content| content.map(|it| (it[0], it[100]))).collect();
        assert_eq!(seen, [Some((0, 0)), Some((1, 0)), Some((1, 2))].into());
    }
}
