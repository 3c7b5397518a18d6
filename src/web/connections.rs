//! Connections: how many there may be at once, how long whoever is connected may take to say what is asked, and which is
//! closed where more come than there is room for. It must not know what is asked.
//!
//! A connection waits for us from when all of a request is there until its answer is made, and otherwise for the other side.
//! Where there is no room, the one that has waited longest for the other side is closed: whoever holds many open and asks
//! nothing, sends byte by byte, or does not take an answer, keeps nobody out. What waits for us is never closed.

use axum::Router;
use axum::body::Body;
use axum::extract::connect_info::ConnectInfo;
use hyper::body::{Body as HttpBody, Bytes, Frame, Incoming, SizeHint};
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Request, Response};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{sleep, timeout};

/// How long the head of a request may take; also how long a connection is kept on which nobody asks.
const HEAD: Duration = Duration::from_secs(20);

/// The most connections at once: a process may have 1,024 files open, where nobody says otherwise.
const MOST: usize = 900;

/// How many may wait to be taken. Where there are more, the system lets them try again after a second.
const BACKLOG: u32 = 4096;

/// How long to wait where there is no room and nothing can be closed, or the system gives no connection, as where too many
/// files are open.
const PAUSE: Duration = Duration::from_millis(100);

/// How long whoever was refused may go on sending.
const LINGER: Duration = Duration::from_secs(2);

/// Listens at an address.
///
/// # Errors
/// What the operating system says.
pub fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // Whoever was connected to a server that has just ended is in nobody's way.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// Takes connections until `stop` ends; requests that are under way then are answered first.
pub(super) async fn serve(listener: TcpListener, routes: Router, stop: impl Future<Output = ()>) {
    let (graceful, places) = (GracefulShutdown::new(), Arc::new(Semaphore::new(MOST)));
    let (routes, waiting) = (TowerToHyperService::new(routes), Arc::new(Mutex::new(Waiting::default())));
    let mut stop = pin!(stop);
    loop {
        let next = async {
            let accepted = listener.accept().await?;
            Ok::<_, io::Error>((accepted, place(&places, &waiting).await))
        };
        let ((stream, from), place) = match tokio::select! { next = next => next, () = &mut stop => break } {
            Ok(next) => next,
            Err(error) => {
                tracing::warn!(%error, "no connection can be taken for a moment");
                locked(&waiting).close_oldest();
                sleep(PAUSE).await;
                continue;
            }
        };
        let connection = Arc::new(Connection::of(&waiting));
        let (routes, asked_on) = (routes.clone(), Arc::clone(&connection));
        let answers = service_fn(move |request| answer(routes.clone(), Arc::clone(&asked_on), from, request));
        let (ends, rest) = Ends::of(stream);
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(HEAD);
        let served = graceful.watch(http.serve_connection(TokioIo::new(ends), answers));
        tokio::spawn(async move {
            let _until_it_ends = place;
            let served = async {
                if let Err(error) = served.await {
                    tracing::debug!(%error, "a connection ended early");
                }
                if connection.has_more.load(Ordering::Relaxed)
                    && let Ok(rest) = rest.await
                {
                    let _ = timeout(LINGER, throw_away(rest)).await;
                }
            };
            let mut served = pin!(served);
            loop {
                tokio::select! {
                    biased;
                    () = &mut served => return,
                    // What had been sent and was not read yet is read first: it may wait for us by now.
                    () = connection.closed.notified() => if connection.is_waiting_for_them() { break },
                }
            }
            tracing::debug!("a connection was closed to make room");
        });
    }
    drop(listener);
    graceful.shutdown().await;
}

/// A place for one more connection, for which another is closed where there is none.
async fn place(places: &Arc<Semaphore>, waiting: &Mutex<Waiting>) -> OwnedSemaphorePermit {
    loop {
        if let Ok(place) = Arc::clone(places).try_acquire_owned() {
            return place;
        }
        locked(waiting).close_oldest();
        if let Ok(place) = timeout(PAUSE, Arc::clone(places).acquire_owned()).await {
            return place.expect("nobody closes it");
        }
    }
}

/// Answers one request, for all of which the connection waits for us.
async fn answer(
    routes: TowerToHyperService<Router>,
    connection: Arc<Connection>,
    from: SocketAddr,
    request: Request<Incoming>,
) -> Result<Response<Body>, Infallible> {
    let asked_on = Arc::clone(&connection);
    let mut request = request.map(|body| {
        Watched::new(body, move |is_whole| {
            asked_on.has_more.fetch_or(!is_whole, Ordering::Relaxed);
            asked_on.waits_for_us();
        })
    });
    request.extensions_mut().insert(ConnectInfo(from));
    let response = routes.call(request).await?;
    Ok(response.map(|body| Body::new(Watched::new(body, move |_| connection.waits_for_them()))))
}

fn locked<T>(it: &Mutex<T>) -> MutexGuard<'_, T> {
    it.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The connections that wait for the other side, in the order in which they began to.
#[derive(Default)]
struct Waiting {
    next: u64,
    since: BTreeMap<u64, Arc<Notify>>,
}

impl Waiting {
    /// Closes the one that has waited longest, where there is one.
    fn close_oldest(&mut self) {
        if let Some((_, closed)) = self.since.pop_first() {
            closed.notify_one();
        }
    }
}

/// A connection.
struct Connection {
    /// All that wait for the other side, and its own number among them where it does.
    waiting: Arc<Mutex<Waiting>>,
    number: Mutex<Option<u64>>,
    /// Told when it is closed to make room.
    closed: Arc<Notify>,
    /// Whether a request was answered before all of it was read.
    has_more: AtomicBool,
}

impl Connection {
    /// A new one, which waits for a request.
    fn of(waiting: &Arc<Mutex<Waiting>>) -> Self {
        let waiting = Arc::clone(waiting);
        let (number, closed) = (Mutex::default(), Arc::default());
        let connection = Self { waiting, number, closed, has_more: AtomicBool::new(false) };
        connection.waits_for_them();
        connection
    }

    fn waits_for_them(&self) {
        let mut waiting = locked(&self.waiting);
        let number = waiting.next;
        waiting.next += 1;
        waiting.since.insert(number, Arc::clone(&self.closed));
        if let Some(before) = locked(&self.number).replace(number) {
            waiting.since.remove(&before);
        }
    }

    fn is_waiting_for_them(&self) -> bool {
        locked(&self.number).is_some()
    }

    fn waits_for_us(&self) {
        let mut waiting = locked(&self.waiting);
        if let Some(number) = locked(&self.number).take() {
            waiting.since.remove(&number);
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.waits_for_us();
    }
}

/// A body, and what is done once nobody reads more of it; it hears whether all was read.
struct Watched<B: HttpBody, F: FnMut(bool)> {
    body: B,
    is_whole: bool,
    done: F,
}

impl<B: HttpBody, F: FnMut(bool)> Watched<B, F> {
    fn new(body: B, done: F) -> Self {
        Self { body, is_whole: false, done }
    }
}

impl<B: HttpBody<Data = Bytes> + Unpin, F: FnMut(bool) + Unpin> HttpBody for Watched<B, F> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        let polled = Pin::new(&mut self.body).poll_frame(context);
        self.is_whole |= matches!(polled, Poll::Ready(None));
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl<B: HttpBody, F: FnMut(bool)> Drop for Watched<B, F> {
    fn drop(&mut self) {
        (self.done)(self.is_whole || self.body.is_end_stream());
    }
}

/// Both ends of a stream; what is still to be read of it is given back once it is not written to any more.
struct Ends {
    read: Option<OwnedReadHalf>,
    write: OwnedWriteHalf,
    back: Option<oneshot::Sender<OwnedReadHalf>>,
}

impl Ends {
    fn of(stream: TcpStream) -> (Self, oneshot::Receiver<OwnedReadHalf>) {
        let ((read, write), (back, rest)) = (stream.into_split(), oneshot::channel());
        (Self { read: Some(read), write, back: Some(back) }, rest)
    }
}

impl Drop for Ends {
    fn drop(&mut self) {
        if let (Some(back), Some(read)) = (self.back.take(), self.read.take()) {
            let _ = back.send(read);
        }
    }
}

impl AsyncRead for Ends {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, to: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let read = self.read.as_mut().expect("it is there until it is given back");
        Pin::new(read).poll_read(context, to)
    }
}

impl AsyncWrite for Ends {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, from: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write(context, from)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        from: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.write).poll_write_vectored(context, from)
    }

    fn is_write_vectored(&self) -> bool {
        self.write.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.write).poll_shutdown(context)
    }
}

/// Reads what is still sent, to its end: whoever sends is otherwise cut off before it reads why it was refused (RFC 9112, 9.6).
async fn throw_away(rest: OwnedReadHalf) {
    let mut thrown = vec![0; 64 << 10];
    while rest.readable().await.is_ok() {
        match rest.try_read(&mut thrown) {
            Ok(0) => return,
            Err(error) if error.kind() != io::ErrorKind::WouldBlock => return,
            _ => {}
        }
    }
}
