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
        count += understood(ParsedService(txt: record(of: items), serviceType: type))
      }
    }
    precondition(count == rounds * (items.count + 5))
    records.append(1e9 * recordTime / Double(rounds))
    services.append(1e9 * serviceTime / Double(rounds))
  }
  tell("TXT record parsed", "ns", records)
  tell("TXT record parsed and understood", "ns", services)
}

/// All that is read from a record, counted.
private func understood(_ service: ParsedService) -> Int {
  var count = service.models.count
  if service.type == .ollama { count += 1 }
  if service.apiPath == "/v1", service.info != nil { count += 1 }
  if service.version != nil { count += 1 }
  return count
}

@inline(never)
private func record(of items: [[UInt8]]) -> TXTRecord {
  var record = TXTRecord()
  for item in items { record.append(item: item) }
  return record
}
