/// One field of a journal record (systemd.journal-fields(7)): a name and any value, line breaks and
/// binary bytes included.
package struct JournalField: Hashable, Sendable {
  package let name: String
  package let value: [UInt8]

  /// A field, or nil when the journal would not take `name`: 1 to 64 capital letters, digits and
  /// "_", the first one a letter ("_" begins the fields that journald itself vouches for).
  package init?(_ name: String, _ value: [UInt8]) {
    let isAllowed = name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
      case UInt8(ascii: "_"): true
      default: false
      }
    }
    guard isAllowed, (1...64).contains(name.utf8.count), name.first?.isLetter == true else {
      return nil
    }
    self.name = name
    self.value = value
  }

  /// The same with a text as its value.
  package init?(_ name: String, _ text: String) {
    self.init(name, Array(text.utf8))
  }

  /// `NAME=value`, as sd_journal_sendv(3) takes it.
  package var assignment: [UInt8] {
    Array(name.utf8) + [UInt8(ascii: "=")] + value
  }
}
