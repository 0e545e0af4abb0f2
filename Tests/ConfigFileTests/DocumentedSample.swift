/// Every section and key that is documented.
let documentedSample = """
  [server]
  host = "127.0.0.1"             # address of the HTTP listener; "" for none
  port = 6398
  socket = "/run/nexus-discovery/api.sock"
  allow_remote = false           # needed before a non-loopback host is accepted

  [discovery]
  enabled = true
  service_types = ["_ollama._tcp.local", "_llm._tcp.local", "_lmserv._tcp.local", "_exo._tcp.local"]
  grace_period_seconds = 60
  query_interval_seconds = 30    # the longest wait before asking the network again; 0: never ask
  ipv6 = true
  prefer = "ipv4"                # or "ipv6"
  interfaces = []                # empty: all
  max_backends = 4096

  [discovery.trust]
  allow = []                     # CIDR blocks; empty: private, link-local and on-link addresses
  deny = []
  allow_public = false

  [health_check]
  enabled = true
  interval_seconds = 30
  timeout_seconds = 5
  failure_threshold = 3
  recovery_threshold = 2
  max_concurrent = 32

  [announce]
  enabled = true
  auto = []                      # kinds of server to find on this machine and announce: ["ollama", "vllm", …]

  [[announce.services]]          # none by default
  name = "%h"                    # %h: host name
  type = "_ollama._tcp"
  port = 11434
  txt = { version = "0.5.7" }
  when = "healthy"               # announce only while the local port answers; or "always"

  [[backends]]                   # static backends
  name = "local-ollama"
  url = "http://localhost:11434"
  type = "ollama"
  priority = 1                   # lower is preferred; network finds get 50
  # for https and keys: tls_verify, ca_file, api_key_env, api_key_file

  [logging]
  level = "info"                 # trace debug info warn error
  format = "auto"                # journal under systemd, else text; or text, json, journal
  """
