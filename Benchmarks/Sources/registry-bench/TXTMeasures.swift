import DiscoveryCore
import DiscoveryTestKit

/// Nanoseconds for a record of five attributes, from the bytes on the wire (RFC 6763 §6.1); and with
/// what the registry makes of it.
func measureTXT(samples: Int) {
  let items = [
    "type=ollama", "version=0.5.7", "api_path=/v1", "models=llama3:8b,qwen3:14b", "info=RTX 4090",
  ].map { Array($0.utf8) }
  let type = ServiceType.of("_ollama._tcp")
  let rounds = 200_000
  var records: [Double] = []
  var services: [Double] = []
  for _ in 0..<samples {
    var count = 0
    let recordTime = seconds {
      for _ in 0..<rounds { count += record(of: items).attributes.count }
    }
    let serviceTime = seconds {
      for _ in 0..<rounds {
        count += ParsedService(txt: record(of: items), serviceType: type).models.count
      }
    }
    precondition(count == rounds * (items.count + 2))
    records.append(1e9 * recordTime / Double(rounds))
    services.append(1e9 * serviceTime / Double(rounds))
  }
  tell("TXT record parsed", "ns", records)
  tell("TXT record parsed and understood", "ns", services)
}

@inline(never)
private func record(of items: [[UInt8]]) -> TXTRecord {
  var record = TXTRecord()
  for item in items { record.append(item: item) }
  return record
}
