/** Where the probes go; addresses that only the running cluster knows. */
export interface Places {
  readonly namespaces: Readonly<Record<"system" | "identity" | "hub" | "work" | "gateway", string>>;
  /** Of the node's machine. */
  readonly node: string;
  readonly registry: string;
  readonly gateway: string;
  readonly publicPort: number;
  /** Of another user's running server. */
  readonly otherPod: string;
  /** Of the user whose pod it is. */
  readonly user: string;
  readonly keycloakPod: string;
  readonly hubPod: string;
  readonly admissionPod: string;
  readonly controllersPod: string;
}

/** How it is known that somebody listens there, so that "closed" means kept out. */
export type Listener =
  /** A port of a Service with ready endpoints. */
  | { readonly by: "service"; readonly namespace: string; readonly service: string; readonly port: number }
  /** This machine can connect to it. */
  | { readonly by: "machine"; readonly host: string; readonly port: number }
  /** Whether or not anybody does here. */
  | { readonly by: "nobody" };

/** One thing that a program in a user's pod tries. */
export interface Probe {
  readonly name: string;
  /** A Python expression. */
  readonly code: string;
  /** Its value, as JSON. */
  readonly expect: unknown;
  readonly listener?: Listener;
}

const text = (value: string): string => JSON.stringify(value);

function closed(name: string, host: string, port: number, listener: Listener): Probe {
  return { name, code: `tcp(${text(host)}, ${port})`, expect: "closed", listener };
}

const ofService = (name: string, namespace: string, service: string, port: number): Probe =>
  closed(name, `${service}.${namespace}.svc`, port, { by: "service", namespace, service, port });

const ofMachine = (name: string, host: string, port: number): Probe =>
  closed(name, host, port, { by: "machine", host, port });

const perhaps = (name: string, host: string, port: number): Probe => closed(name, host, port, { by: "nobody" });

const controlPlane = ({ node, registry, gateway, publicPort }: Places): readonly Probe[] => {
  const [registryHost = "", registryPort = ""] = registry.split(":");
  return [
    ofService("the API server's Service", "default", "kubernetes", 443),
    ofMachine("the API server on its machine", node, 6443),
    ofMachine("the kubelet", node, 10250),
    perhaps("the kubelet's read-only port", node, 10255),
    perhaps("the kubelet's health", node, 10248),
    perhaps("etcd", node, 2379),
    perhaps("etcd's peers", node, 2380),
    perhaps("the controller manager", node, 10257),
    perhaps("the scheduler", node, 10259),
    perhaps("kube-proxy's health", node, 10256),
    perhaps("kube-proxy's metrics", node, 10249),
    perhaps("SSH of the machine", node, 22),
    ofMachine("the registry, to push to", registryHost, Number(registryPort)),
    ofMachine("the gateway from within", gateway, publicPort),
    perhaps("the cloud's metadata", "169.254.169.254", 80),
    perhaps("the cloud's metadata of containers", "169.254.170.2", 80),
  ];
};

const platformParts = ({ namespaces, keycloakPod, hubPod, admissionPod, controllersPod }: Places): readonly Probe[] => {
  const { system, identity, hub } = namespaces;
  return [
    ofService("Keycloak", identity, "keycloak", 8080),
    closed("Keycloak's pod, as its administration", keycloakPod, 8080, {
      by: "service",
      namespace: identity,
      service: "keycloak",
      port: 8080,
    }),
    ofService("Keycloak's management", identity, "keycloak-headless", 9000),
    perhaps("Keycloak's cluster", keycloakPod, 7800),
    ofService("PostgreSQL", identity, "postgres", 5432),
    ofService("the API for people", system, "api", 8080),
    ofService("the API for servers", system, "api", 8081),
    ofService("the API's metrics", system, "api", 9090),
    ofService("admission", system, "admission", 443),
    perhaps("admission's metrics", admissionPod, 9090),
    perhaps("the controllers' metrics", controllersPod, 9090),
    ofService("the hub's proxy", hub, "proxy-public", 8000),
    ofService("the proxy's API", hub, "proxy-api", 8001),
    ofService("the SSH gateway", hub, "ssh", 2222),
    ofService("the SSH gateway's metrics", hub, "ssh", 9090),
    perhaps("another port of the hub's pod", hubPod, 22),
    perhaps("DNS's metrics", "kube-dns.kube-system.svc", 9153),
  ];
};

const neighbours = ({ otherPod }: Places): readonly Probe[] => [
  perhaps("another user's server", otherPod, 8888),
  perhaps("another user's SSH or shell", otherPod, 22),
];

const allowed = ({ namespaces: { hub }, user }: Places): readonly Probe[] => [
  { name: "cluster DNS", code: `resolves("hub.${hub}.svc")`, expect: true },
  { name: "the hub", code: `tcp("hub.${hub}.svc", 8081)`, expect: "open" },
  { name: "the hub's API with the server's token, as oneself", code: 'hub("/user")["name"]', expect: user },
  { name: "the hub's API with the server's token, as somebody else", code: 'hub("/users")', expect: 403 },
  { name: "the server itself", code: 'tcp("127.0.0.1", 8888)', expect: "open" },
];

/** What a container of Pod Security `restricted` cannot be or do. */
const container: readonly Probe[] = [
  { name: "the user's id", code: "os.getuid()", expect: 1000 },
  { name: "the group's id", code: "os.getgid()", expect: 100 },
  { name: "groups of root", code: "0 in os.getgroups()", expect: false },
  { name: "capabilities", code: 'status("CapEff")', expect: "0000000000000000" },
  { name: "capabilities that it could get", code: 'status("CapBnd")', expect: "0000000000000000" },
  { name: "no new privileges", code: 'status("NoNewPrivs")', expect: "1" },
  { name: "seccomp's filter", code: 'status("Seccomp")', expect: "2" },
  {
    name: "a token of a service account",
    code: 'os.path.exists("/var/run/secrets/kubernetes.io/serviceaccount")',
    expect: false,
  },
  {
    name: "addresses of Services",
    code: 'sorted(k for k in os.environ if k.endswith("_SERVICE_HOST"))',
    expect: ["KUBERNETES_SERVICE_HOST"],
  },
  {
    name: "secrets of the platform",
    code: 'sorted(k for k in os.environ if re.search("SECRET|PASSWORD|CONFIGPROXY|CRYPT", k))',
    expect: [],
  },
  { name: "writing to /etc", code: 'writes("/etc/probe")', expect: "denied" },
  { name: "writing to /usr", code: 'writes("/usr/local/bin/probe")', expect: "denied" },
  { name: "writing to the kernel's settings", code: 'writes("/proc/sys/kernel/core_pattern")', expect: "denied" },
  { name: "writing to /sys", code: 'writes("/sys/kernel/probe")', expect: "denied" },
  { name: "the kernel's memory", code: 'os.path.exists("/dev/mem")', expect: false },
  { name: "the kernel's log", code: 'writes("/dev/kmsg")', expect: "denied" },
  { name: "disks", code: 'glob.glob("/dev/sd*") + glob.glob("/dev/vd*") + glob.glob("/dev/nvme*")', expect: [] },
  {
    name: "sockets of the container runtime",
    code: 'glob.glob("/run/*/*.sock") + glob.glob("/run/*.sock")',
    expect: [],
  },
  { name: "a raw socket", code: "raw_socket()", expect: "denied" },
  { name: "mounting", code: "mounts()", expect: "denied" },
  { name: "another user namespace", code: "unshares(0x10000000)", expect: "denied" },
  { name: "processes of the machine", code: 'any("kubelet" in name for name in commands())', expect: false },
  { name: "homes of others", code: "os.listdir(os.path.dirname(home))", expect: ["jovyan"] },
  { name: "root by its password or without", code: "os.path.exists('/usr/bin/sudo')", expect: false },
];

/** Everything that is tried from inside a user's pod. */
export const probes = (places: Places): readonly Probe[] => [
  ...controlPlane(places),
  ...platformParts(places),
  ...neighbours(places),
  ...allowed(places),
  ...container,
];

/** What the expressions are made of; it prints the values as JSON, by name. A value that cannot be had is the error's text. */
const prelude = `
import concurrent.futures, ctypes, glob, json, os, re, socket, sys, tempfile, urllib.error, urllib.request
if "JUPYTERHUB_API_TOKEN" not in os.environ or os.getuid() == 0:
    sys.exit("these probes are for a user's pod: with rights they would change what they try")
home = os.path.expanduser("~")
libc = ctypes.CDLL(None, use_errno=True)
def tcp(host, port):
    try:
        address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][4]
    except socket.gaierror:
        return "no such name"
    try:
        socket.create_connection(address[:2], timeout=10).close()
        return "open"
    except OSError:
        return "closed"
def resolves(host):
    return len(socket.getaddrinfo(host, 80)) > 0
def hub(path):
    headers = {"Authorization": "token " + os.environ["JUPYTERHUB_API_TOKEN"]}
    try:
        request = urllib.request.Request(os.environ["JUPYTERHUB_API_URL"] + path, headers=headers)
        return json.load(urllib.request.urlopen(request, timeout=60))
    except urllib.error.HTTPError as error:
        return error.code
def status(name):
    return re.search(r"^" + name + r":\\s*(\\S+)", open("/proc/self/status").read(), re.M).group(1)
def writes(path):
    was = os.path.exists(path)
    try:
        open(path, "a").close()
    except OSError:
        return "denied"
    if not was:
        os.unlink(path)
    return "written"
def raw_socket():
    try:
        socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP).close()
        return "open"
    except PermissionError:
        return "denied"
def mounts():
    with tempfile.TemporaryDirectory() as place:
        if libc.mount(b"none", place.encode(), b"tmpfs", 0, None) != 0:
            return "denied"
        libc.umount2(place.encode(), 0)
        return "mounted"
def unshares(flags):
    if os.fork() == 0:
        os._exit(0 if libc.unshare(flags) == 0 else 1)
    return "unshared" if os.waitstatus_to_exitcode(os.wait()[1]) == 0 else "denied"
def commands():
    return [open(path).read().strip() for path in glob.glob("/proc/[0-9]*/comm")]
def value(code):
    try:
        return eval(code)
    except Exception as error:
        return repr(error)
`;

/** A Python program that tries them all. */
export function probeProgram(all: readonly Probe[]): string {
  const codes = JSON.stringify(JSON.stringify(Object.fromEntries(all.map(({ name, code }) => [name, code]))));
  // Those that fork or change the process come after the threads.
  return `${prelude}
codes = json.loads(${codes})
waiting = {name: code for name, code in codes.items() if code.startswith("tcp(")}
with concurrent.futures.ThreadPoolExecutor(32) as pool:
    values = dict(zip(waiting, pool.map(value, waiting.values())))
values.update({name: value(code) for name, code in codes.items() if name not in waiting})
print(json.dumps(values))
`;
}
