//! A Postgres server for tests, and pgbouncer in transaction mode before it. One of each
//! for a test process, started by the first test that asks; a database for each test.
//!
//! The programs are those that are installed: `postgresql` and `pgbouncer`, as Debian calls
//! the packages. Nothing listens on the network.
//!
//! Invariant: server, pooler and folder are gone soon after the process, however it ends.

mod programs;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};

/// How long the server may take to start, on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);
/// The port that is part of the socket's name. The pooler's is next to it.
const PORT: u16 = 5432;

/// Runs until its standard input ends: then this process is gone, and everything goes.
/// Lines that come in before are orders. Arguments: the folder, the server's programs, the
/// pooler or nothing, and what else
/// `initdb` and the server are told, as words.
const SUPERVISOR: &str = r#"
cd "$1" || exit 1
"$2/initdb" -D data -U postgres -E UTF8 --locale=C --auth=trust --no-sync $4 > initdb.log 2>&1 || exit 1
start() {
    # Right after a kill, the killed server's processes are in the way for a moment.
    until
        "$2/postgres" -D data -k "$1" -p 5432 -c listen_addresses= -c fsync=off -c full_page_writes=off \
            -c max_connections=300 -c shared_buffers=64MB -c autovacuum=off $5 >> postgres.log 2>&1 < /dev/null &
        server=$!
        sleep 0.2
        kill -0 $server 2> /dev/null
    do
        sleep 0.2
    done
}
if [ -n "$3" ]; then
    "$3" pgbouncer.ini > pgbouncer.log 2>&1 < /dev/null &
    pooler=$!
fi
start "$@"
while read -r order; do
    case $order in
    kill) kill -KILL $server; wait $server 2> /dev/null; touch stopped ;;
    start) kill -0 $server 2> /dev/null || start "$@"; rm -f stopped ;;
    esac
done
[ -z "$3" ] || kill -KILL $pooler
kill -QUIT $server
wait
cd /
rm -rf "$1"
"#;

/// The running server.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    /// The supervisor takes orders here, and ends with it.
    orders: Mutex<ChildStdin>,
    /// Statements for the thread that makes and drops databases, each with a place for the
    /// answer.
    admin: Sender<(String, Sender<Result<(), String>>)>,
    names: AtomicU32,
}

/// A database of a test; dropped with this.
#[derive(Debug)]
pub struct Database {
    name: String,
    server: &'static Server,
}

/// The server of this process.
///
/// # Panics
/// When the programs are not installed or do not start, with what to do about it.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Result<Server, String>> = OnceLock::new();
    match SERVER.get_or_init(start_shared) {
        Ok(server) => server,
        Err(reason) => panic!("{reason}"),
    }
}

impl Server {
    /// An empty database, or a copy of the database called `template`.
    ///
    /// # Panics
    /// When the server refuses.
    pub fn database(&'static self, template: Option<&str>) -> Database {
        let name = format!("test_{}", self.names.fetch_add(1, Ordering::Relaxed));
        self.run(&format!("CREATE DATABASE {name} TEMPLATE {}", template.unwrap_or("template0")));
        Database { name, server: self }
    }

    /// A role that can log in and has no rights but to become one of the front end's roles,
    /// as Supabase's `authenticator` has.
    pub fn authenticator(&self) {
        self.run("GRANT anon, authenticated, service_role TO authenticator");
    }

    /// Runs a statement as the superuser, outside of the tests' databases.
    ///
    /// # Panics
    /// When the server refuses it.
    pub fn run(&self, sql: &str) {
        let (answer, answered) = channel();
        self.admin.send((sql.to_owned(), answer)).expect("the thread lives as long as the process");
        if let Err(error) = answered.recv().expect("each statement is answered") {
            panic!("{sql}: {error}");
        }
    }

    fn order(&self, order: &str) {
        let mut orders = self.orders.lock().expect("nobody panics while ordering");
        writeln!(orders, "{order}").expect("the supervisor lives as long as this");
    }

    /// Where the programs of the server are: `pg_dump`, `psql`.
    pub fn program(&self, name: &str) -> Command {
        let folder = programs::server().unwrap_or_else(|reason| panic!("{reason}"));
        let mut command = Command::new(folder.join(name));
        command.arg("--host").arg(&self.folder).args(["--username", "postgres"]);
        command
    }
}

impl Database {
    /// Its URL.
    pub fn url(&self) -> String {
        self.url_of("postgres", PORT)
    }

    /// Its URL behind the pooler.
    pub fn pooled_url(&self) -> String {
        self.url_of("postgres", PORT + 1000)
    }

    /// Its URL for another role.
    pub fn url_as(&self, role: &str) -> String {
        self.url_of(role, PORT)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Runs statements in it as the superuser, with the server's own client.
    ///
    /// # Panics
    /// When the server refuses one.
    pub fn run(&self, sql: &str) {
        let mut client = self.server.program("psql");
        client.args(["--no-psqlrc", "--quiet", "--set", "ON_ERROR_STOP=1", "--output", "/dev/null"]);
        let done = client.args(["--dbname", &self.name, "--command", sql]).output();
        let done = done.unwrap_or_else(|error| panic!("psql: {error}"));
        assert!(done.status.success(), "{sql}: {}", String::from_utf8_lossy(&done.stderr));
    }

    fn url_of(&self, role: &str, port: u16) -> String {
        url(&self.server.folder, role, &self.name, port)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        // Nobody waits for the answer; the server goes with the process anyway.
        let (answer, _) = channel();
        let sql = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let _ = self.server.admin.send((sql, answer));
    }
}

/// A server that a test has to itself, to kill it or to fill its disk. Gone with this.
#[derive(Debug)]
pub struct LoneServer(Server);

impl LoneServer {
    /// Starts a server whose files are in `folder`, which is there, and which it removes in
    /// the end. It keeps its log small.
    ///
    /// # Panics
    /// When the programs are not installed or do not start.
    pub fn start_in(folder: &Path) -> Self {
        let settings = ["--wal-segsize=1", "-c min_wal_size=4MB -c max_wal_size=16MB"];
        match programs::server().and_then(|server| start(folder.to_owned(), &server, None, settings)) {
            Ok(server) => Self(server),
            Err(reason) => panic!("{reason}"),
        }
    }

    /// The URL of its only database, whose name it is.
    pub fn url(&self) -> String {
        url(&self.0.folder, "postgres", "postgres", PORT)
    }

    /// Kills it, as a crash would, and waits until it is gone.
    pub fn kill(&self) {
        self.0.order("kill");
        self.wait_until_stopped(true);
    }

    /// Starts it again, if it does not run, and waits until its process is there.
    pub fn start(&self) {
        self.0.order("start");
        self.wait_until_stopped(false);
    }

    fn wait_until_stopped(&self, is_stopped: bool) {
        let begun = Instant::now();
        while self.0.folder.join("stopped").exists() != is_stopped {
            assert!(begun.elapsed() < PATIENCE, "the supervisor does not follow orders");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn url(folder: &Path, role: &str, database: &str, port: u16) -> String {
    format!("postgres://{role}@localhost/{database}?host={}&port={port}", folder.display())
}

/// The server and the pooler that all tests of the process share.
fn start_shared() -> Result<Server, String> {
    let (server, pooler) = (programs::server()?, programs::pooler()?);
    let folder = tempfile::Builder::new()
        .prefix("besunny-postgres-")
        .tempdir()
        .map_err(|error| format!("no temporary folder: {error}"))?
        .keep();
    let unprepared = |error: std::io::Error| format!("{}: {error}", folder.display());
    let settings = format!(
        "[databases]\n* = host={0} port={PORT}\n[pgbouncer]\nlisten_addr =\nlisten_port = {1}\nunix_socket_dir = {0}\n\
         auth_type = trust\nauth_file = {0}/users.txt\npool_mode = transaction\ndefault_pool_size = 6\n\
         max_client_conn = 2000\nlogfile = {0}/pooler.log\n",
        folder.display(),
        PORT + 1000
    );
    std::fs::write(folder.join("pgbouncer.ini"), settings).map_err(unprepared)?;
    std::fs::write(folder.join("users.txt"), "\"postgres\" \"\"\n\"authenticator\" \"\"\n")
        .map_err(unprepared)?;
    let server = start(folder, &server, Some(&pooler), ["", ""])?;
    server.run("CREATE ROLE authenticator LOGIN NOINHERIT");
    Ok(server)
}

fn start(
    folder: PathBuf,
    programs: &Path,
    pooler: Option<&Path>,
    settings: [&str; 2],
) -> Result<Server, String> {
    let mut command = programs::unprivileged(&folder)?;
    command.args(["/bin/sh", "-c", SUPERVISOR, "sh"]).arg(&folder).arg(programs);
    command.arg(pooler.unwrap_or(Path::new(""))).args(settings);
    command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // An interrupt from the keyboard ends the test process, and that ends this.
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut supervisor =
        command.spawn().map_err(|error| format!("the test server does not start: {error}"))?;
    let orders = supervisor.stdin.take().ok_or("the supervisor takes no orders")?;
    let (admin, statements) = channel();
    let (ready, is_ready) = channel();
    let of_thread = folder.clone();
    std::thread::spawn(move || administer(&of_thread, supervisor, &ready, &statements));
    is_ready.recv().map_err(|_| "the test server's thread died".to_owned())??;
    Ok(Server { folder, orders: Mutex::new(orders), admin, names: AtomicU32::new(0) })
}

type Statement = (String, Sender<Result<(), String>>);

fn administer(
    folder: &Path,
    mut supervisor: Child,
    ready: &Sender<Result<(), String>>,
    statements: &Receiver<Statement>,
) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let begun = Instant::now();
    let options = sqlx::postgres::PgConnectOptions::new_without_pgpass()
        .socket(folder)
        .port(PORT)
        .username("postgres")
        .database("postgres")
        .disable_statement_logging();
    let mut connection: PgConnection = loop {
        match runtime.block_on(options.connect()) {
            Ok(connection) => break connection,
            Err(error) if begun.elapsed() > PATIENCE || matches!(supervisor.try_wait(), Ok(Some(_))) => {
                let logs = ["initdb.log", "postgres.log"]
                    .map(|log| std::fs::read_to_string(folder.join(log)).unwrap_or_default());
                let _ =
                    ready.send(Err(format!("the test server does not answer: {error}\n{}", logs.concat())));
                return;
            }
            Err(_) => std::thread::sleep(Duration::from_millis(20)),
        }
    };
    let _ = ready.send(Ok(()));
    while let Ok((sql, answer)) = statements.recv() {
        let run = runtime.block_on(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection));
        let _ = answer.send(run.map(|_| ()).map_err(|error| error.to_string()));
    }
}
