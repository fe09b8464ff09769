//! What streaming a response costs a guest, beside the same client without a guest.

#![expect(clippy::print_stdout, reason = "a benchmark prints what it measured")]

mod measure;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use capsule::clock::Clock;
use capsule::component::{Verified, from_wat};
use capsule::engine::{Call, Ending, Engine, EngineOptions, Flavour, Profile};
use capsule::host::ports::{Belongings, Person, PersonAnswer, Question};
use capsule::local::{HostingOptions, Machine, MachineOptions, NetworkOptions};
use capsule::manifest::{ParseOptions, parse};
use capsule::policy::budget::{AskedLimits, CallLimits, call_limits};
use capsule::policy::verdict::Verdict;
use capsule::principal::PrincipalId;
use http_body::Body;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use measure::{Way, in_turns, judge, print};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const ROUNDS: usize = 15;
const TIME: Duration = Duration::from_millis(200);
const BYTES: usize = 100 << 20;

const MANIFEST: &str = r#"
[package]
name = "streamer"
version = "1.0.0"
[[component]]
file = "streamer.wasm"
[capabilities]
net = ["127.0.0.1"]
"#;

fn main() -> Outcome<()> {
    let server = serve()?;
    let mut ways = vec![
        Way::new("hyper alone", bare(server)?),
        Way::new("read-chunk of a guest", guest(server)?),
    ];
    let samples = in_turns(&mut ways, ROUNDS, TIME);
    print("100 MiB over loopback", &ways, &samples, 0);
    judge(ways[1].name, samples[1].over(&samples[0]).median(), 1.5);
    let peak = std::fs::read_to_string("/proc/self/status")?;
    let peak = peak.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or("VmHWM: unknown");
    println!("memory of the process at its peak: {}", peak["VmHWM:".len()..].trim());
    Ok(())
}

/// A server that answers every request with the same large body.
fn serve() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            thread::spawn(move || answer(client));
        }
    });
    Ok(address)
}

fn answer(mut client: TcpStream) -> std::io::Result<()> {
    let mut request = [0; 4096];
    if client.read(&mut request)? == 0 {
        return Ok(());
    }
    client.write_all(format!("HTTP/1.1 200 OK\r\ncontent-length: {BYTES}\r\n\r\n").as_bytes())?;
    let piece = vec![b'x'; 256 << 10];
    (0..BYTES / piece.len()).try_for_each(|_| client.write_all(&piece))
}

/// The client that the host uses, with nobody around it.
fn bare(server: SocketAddr) -> Outcome<impl FnMut(u64) -> Duration> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(move |times| {
        runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..times {
                let bytes = download(server).await.expect("the server answers");
                assert_eq!(bytes, BYTES);
            }
            started.elapsed()
        })
    })
}

async fn download(server: SocketAddr) -> Outcome<usize> {
    let stream = tokio::net::TcpStream::connect(server).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    let driving = tokio::spawn(connection);
    let request = http::Request::get("/").header("host", server.to_string());
    let response = sender.send_request(request.body(String::new())?).await?;
    let mut body = response.into_body();
    let mut bytes = 0;
    while let Some(frame) =
        std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await
    {
        bytes += frame?.data_ref().map_or(0, |data| std::hint::black_box(data).len());
    }
    driving.abort();
    Ok(bytes)
}

/// Calls of one instance that reads a response to its end.
fn guest(server: SocketAddr) -> Outcome<impl FnMut(u64) -> Duration> {
    let machine = Machine::new(MachineOptions {
        store: None,
        clock: Clock::system(),
        person: Arc::new(Nobody),
        log: Arc::new(|_, _, _| {}),
        processes: Default::default(),
        network: NetworkOptions {
            allow_local: vec![server.to_string().parse()?],
            ..NetworkOptions::default()
        },
    });
    let manifest = parse(MANIFEST, &ParseOptions::default()).manifest.ok_or("no manifest")?;
    let hosted = machine.host(&Arc::new(manifest), HostingOptions::default())?;
    let engine = Engine::new(EngineOptions { profile: Profile::OneShot, cache: None });
    let component = from_wat(include_str!("http/stream.wat"))?;
    let code = engine.compile(&Verified::unpacked(component), Flavour::Normal)?;
    let loaded = code.link(Arc::clone(&hosted.host))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let owner = hosted.belongings(&PrincipalId::default())?;
    let limits = call_limits(None, AskedLimits::default(), false)?;
    let url: &'static [u8] = format!("http://{server}/").leak().as_bytes();
    let made = runtime.block_on(loaded.instance(&call(&owner, url, limits), None));
    let (mut instance, _) = made.map_err(|report| format!("{report:?}"))?;
    Ok(move |times| {
        runtime.block_on(async {
            let started = Instant::now();
            for _ in 0..times {
                let report = instance.call(call(&owner, url, limits)).await;
                let read = report.ending == Ending::Verdict(Verdict::Continue(None));
                assert!(read, "the guest did not read the response: {report:?}");
            }
            started.elapsed()
        })
    })
}

fn call<'a>(owner: &'a Arc<Belongings>, url: &'a [u8], limits: CallLimits) -> Call<'a> {
    Call {
        action: "stream",
        payload: url,
        principal: owner,
        owner,
        caller: None,
        limits,
        cancel: Default::default(),
    }
}

/// Nobody is there to answer a question.
struct Nobody;

impl Person for Nobody {
    fn ask(&self, _: Question) -> Pin<Box<dyn std::future::Future<Output = PersonAnswer> + Send>> {
        Box::pin(std::future::ready(PersonAnswer::Cancelled))
    }
}
