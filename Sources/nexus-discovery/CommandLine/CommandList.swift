/// Every command, in the order that help lists them.
package enum CommandList {
  package static let all: [Command] = [
    DiscoverCommand.command,
    ListCommand.command,
    ShowCommand.command,
    ModelsCommand.command,
    WatchCommand.command,
    AnnounceCommand.command,
    ServeCommand.command,
    StatusCommand.command,
    RefreshCommand.command,
    ReloadCommand.command,
    AddCommand.command,
    RemoveCommand.command,
    CheckConfigCommand.command,
    CompletionsCommand.command,
    HelpCommand.command,
  ]

  /// The command of that name; nil when there is none.
  package static func named(_ name: String) -> Command? {
    all.first { $0.name == name }
  }
}
