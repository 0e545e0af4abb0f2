import DiscoveryCore

extension LogEvent {
  /// How grave it is.
  package var level: LogLevel {
    switch self {
    case .skipped: .debug
    case .discovered, .updated, .reappeared, .removed, .healthy, .sourceUp: .info
    case .announced, .withdrawn, .configReloaded: .info
    case .disappeared, .unhealthy, .sourceDown, .limitReached: .warn
    case .configRejected: .error
    }
  }

  /// The journal's MESSAGE_ID (systemd.journal-fields(7)): one random UUID per event, for ever.
  package var messageID: String {
    switch self {
    case .discovered: "22afbe0db2204d61a960e28bce534222"
    case .updated: "2504dcd09ac04a0ea64e60c72d5034c3"
    case .disappeared: "2d17bd8bacbe406a8c6388d83587bd5b"
    case .reappeared: "49d464fbcae24a2f83549cae3b9c7341"
    case .removed: "5b2882588be84782a61757e405d865e1"
    case .healthy: "696c43e747ee4da89ebf782d171ac0ad"
    case .unhealthy: "770cb95c7a724fe28b974ce2d9ef5723"
    case .skipped: "9f8a29fd95f0492a844ca147d11b706f"
    case .sourceUp: "402c1635b2934f7db2f256d08bacca38"
    case .sourceDown: "18456ea0b3ae4e4190f94f186a3bb7ec"
    case .announced: "9e278221c9b842a293b8ad5111c18f9b"
    case .withdrawn: "71addf0f81254750932f89033b7cbb78"
    case .configReloaded: "9c9f58cbb61d4791b99eadf937516ac5"
    case .configRejected: "62103c6c5c18468d9e3609c499ea4c81"
    case .limitReached: "b90403fec06b4ba88401b5e17b23bd7c"
    }
  }
}
