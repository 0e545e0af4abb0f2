import DiscoveryCore

extension LoggingSettings {
  mutating func read(from section: inout SectionReader) {
    section.read("level", .choice, into: &level)
    section.read("format", .choice, into: &format)
  }
}
