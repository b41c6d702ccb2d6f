import assert from "node:assert/strict";
import { rulesetText } from "../../lab/agent/nft-text.ts";
import { compiled, policy } from "./cluster.ts";

const nodes = ["10.189.0.2", "10.200.0.1"];
const replace = "add table inet carrel_policy\ndelete table inet carrel_policy\n";

const wholeCluster = `${replace}table inet carrel_policy {
  chain egress_0 {
    ip daddr { 10.200.0.2, 10.200.0.4 } meta l4proto sctp return
    ip daddr 192.0.2.0/24 ip daddr != 192.0.2.0/28 ip daddr != 192.0.2.0/29 meta l4proto sctp return
    ip daddr { 10.200.0.5 } udp dport 5353 return
    tcp dport 443 return
    drop
  }
  chain egress_1 {
    drop
  }
  chain ingress_0 {
    ip saddr { 10.200.0.2, 10.200.0.4 } tcp dport 80-90 return
    ip saddr 192.0.2.0/24 ip saddr != 192.0.2.0/28 ip saddr != 192.0.2.0/29 tcp dport 80-90 return
    return
    drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    meta nfproto ipv6 drop
    ip saddr . ip daddr { 10.200.0.3 . 10.200.0.3, 10.200.0.2 . 10.200.0.2, 10.200.0.5 . 10.200.0.5, 10.200.0.4 . 10.200.0.4 } accept
    ip saddr vmap { 10.200.0.3 : jump egress_0, 10.200.0.5 : jump egress_1, 10.200.0.4 : jump egress_1 }
    ip saddr { 10.189.0.2, 10.200.0.1 } accept
    ip daddr vmap { 10.200.0.3 : jump ingress_0, 10.200.0.2 : jump ingress_0 }
  }
  chain input {
    type filter hook input priority filter; policy accept;
    ct state established,related accept
    meta nfproto ipv6 iifname != "lo" drop
    ip saddr vmap { 10.200.0.3 : jump egress_0, 10.200.0.5 : jump egress_1, 10.200.0.4 : jump egress_1 }
  }
}
`;

describe("rulesetText", () => {
  it("is an empty table when nobody is isolated", () => {
    assert.equal(rulesetText([], nodes), `${replace}table inet carrel_policy {\n}\n`);
  });

  it("judges programs of the node by their address as it does pods, and none of its others", () => {
    const text = rulesetText([{ address: "10.200.0.3", ingress: [] }], nodes, ["10.189.0.3"]);
    const without = rulesetText([{ address: "10.200.0.3", ingress: [] }], nodes);
    assert.equal(
      text,
      `${without.slice(0, -2)}  chain output {
    type filter hook output priority filter; policy accept;
    ct state established,related accept
    ip saddr { 10.189.0.3 } ip daddr vmap { 10.200.0.3 : jump ingress_0 }
  }
}
`,
    );
    assert.doesNotMatch(rulesetText([{ address: "10.200.0.3", egress: [] }], nodes, ["10.189.0.3"]), /hook output/);
  });

  it("denies ingress in the forward hook alone, and lets the node in", () => {
    assert.equal(
      rulesetText([{ address: "10.200.0.3", ingress: [] }], nodes),
      `${replace}table inet carrel_policy {
  chain ingress_0 {
    drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    meta nfproto ipv6 drop
    ip saddr . ip daddr { 10.200.0.3 . 10.200.0.3 } accept
    ip saddr { 10.189.0.2, 10.200.0.1 } accept
    ip daddr vmap { 10.200.0.3 : jump ingress_0 }
  }
}
`,
    );
  });

  it("denies egress in the input hook too, where what a pod sends to the node arrives", () => {
    assert.equal(
      rulesetText([{ address: "10.200.0.3", egress: [] }], []),
      `${replace}table inet carrel_policy {
  chain egress_0 {
    drop
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    ct state established,related accept
    meta nfproto ipv6 drop
    ip saddr . ip daddr { 10.200.0.3 . 10.200.0.3 } accept
    ip saddr vmap { 10.200.0.3 : jump egress_0 }
  }
  chain input {
    type filter hook input priority filter; policy accept;
    ct state established,related accept
    meta nfproto ipv6 iifname != "lo" drop
    ip saddr vmap { 10.200.0.3 : jump egress_0 }
  }
}
`,
    );
  });

  it("renders a whole cluster: egress before ingress, one chain for pods that allow the same", () => {
    const peers = [
      { namespaceSelector: {}, podSelector: { matchLabels: { tier: "web" } } },
      { ipBlock: { cidr: "192.0.2.0/24", except: ["192.0.2.0/28", "192.0.2.0/29", "2001:db8::/32"] } },
    ];
    const isolated = compiled([
      policy("app/in", { podSelector: {}, ingress: [{ from: peers, ports: [{ port: 80, endPort: 90 }] }, {}] }),
      policy("app/in-again", { podSelector: {}, ingress: [{}] }),
      policy("app/out", {
        podSelector: { matchLabels: { tier: "db" } },
        policyTypes: ["Egress"],
        egress: [
          { to: peers, ports: [{ protocol: "SCTP" }] },
          { ports: [{ protocol: "UDP", port: "dns" }, { port: 443 }] },
        ],
      }),
      policy("ops/out", { podSelector: {}, policyTypes: ["Egress"] }),
    ]);
    assert.equal(rulesetText(isolated, nodes), wholeCluster);
  });
});
