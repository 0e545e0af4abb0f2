import DiscoveryCore

extension AnnounceSettings {
  mutating func read(from section: inout SectionReader) {
    section.read("enabled", .boolean, into: &enabled)
    section.read("auto", .list(of: .findableType), into: &auto)
    var reader = AnnouncedServicesReader()
    section.sections("services") { reader.read(from: &$0) }
    services = reader.services
  }
}

/// Reads the `[[announce.services]]` entries one by one, and compares each with those before it.
private struct AnnouncedServicesReader {
  private(set) var services: [AnnounceSettings.Service] = []
  /// Where each service was named first.
  private var lineOfID: [AnnouncedService.ID: Int] = [:]

  mutating func read(from section: inout SectionReader) {
    let name = section.value("name", .text(ServiceRules.name)) ?? "%h"
    let type = section.required("type", .text(ServiceRules.type))
    let port = section.required("port", .announcedPort)
    let txt = section.value("txt", .txtRecord) ?? TXTRecord()
    let when = section.value("when", .choice) ?? AnnounceSettings.Condition.healthy
    guard let type, let port else { return }
    if when == .healthy, !type.isTCP {
      section.error(
        at: section.valuePosition(of: "type") ?? section.position,
        "only a server that speaks TCP can be asked whether it is healthy",
        hint: "write when = \"always\"")
    }
    let service = AnnouncedService(name: name, type: type, port: port, txt: txt)
    let line = section.position.line
    if let first = lineOfID[service.id] {
      section.error(
        at: section.valuePosition(of: "name") ?? section.position,
        "\"\(name)\" of type \(type) is announced in line \(first) already",
        hint: "give one of the two another name")
      return
    }
    lineOfID[service.id] = line
    services.append(AnnounceSettings.Service(service, when: when))
  }
}

extension ValueKind where Value == BackendType {
  /// A kind of server that can be found on this machine.
  fileprivate static var findableType: Self {
    .text { text throws(TextProblem) in
      if let type = BackendType(named: text), BackendType.findable.contains(type) { return type }
      throw .notOneOf(BackendType.findable.map(\.rawValue), text)
    }
  }
}

extension ValueKind where Value == UInt16 {
  fileprivate static var announcedPort: Self {
    Self { value, place in
      ValueKind<Int>.integer(1...65_535).read(value, place).map { UInt16($0) }
    }
  }
}

extension ValueKind where Value == TXTRecord {
  /// A table of strings; `true` stands for a key without a value (RFC 6763 §6.4).
  fileprivate static var txtRecord: Self {
    Self { value, place in
      guard case .table(let entries) = value.content else {
        place.wrongType(value, mustBe: "a table")
        return nil
      }
      var attributes: [TXTRecord.Attribute] = []
      for entry in entries {
        let name = "\"\(entry.key)\" of \(place.name)"
        let text: String?
        switch entry.value.content {
        case .string(let string): text = string
        case .boolean(true): text = nil
        default:
          place.error(
            at: entry.value, "\(name) must be a string, but is \(entry.value.kindName)",
            hint: "write it in quotes, or true for a key without a value")
          continue
        }
        do throws(TextProblem) {
          attributes.append(try ServiceRules.attribute(key: entry.key, value: text))
        } catch {
          place.error(at: entry.value, error.message(at: name), hint: error.hint)
        }
      }
      do throws(TextProblem) {
        return try ServiceRules.txt(attributes)
      } catch {
        place.error(at: value, error.message(at: place.name), hint: error.hint)
        return nil
      }
    }
  }
}
