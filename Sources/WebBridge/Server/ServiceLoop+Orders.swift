import CWebSockets
import DiscoveryCore

extension ServiceLoop {
  /// Hands an order to those who decide; the connection waits for their reply.
  func submit(_ order: APIOrder, of client: Client, at now: Moment) {
    lastTicket += 1
    client.ticket = lastTicket
    let ticket = APIOrder.Ticket(descriptor: client.descriptor, number: lastTicket)
    guard !setup.onOrder(order, ticket) else { return }
    client.connection.answer(
      .error(.serviceUnavailable, code: "overloaded", "too many changes wait to be made"), model,
      at: now)
  }

  /// Answers those whose order was decided on, as far as what came of it is known here.
  func takeReplies(_ new: [APIOrder.Reply], at now: Moment) {
    replies += new
    guard !replies.isEmpty else { return }
    let revision = model.backends.revision
    for reply in replies where reply.revision <= revision { deliver(reply, at: now) }
    replies.removeAll { $0.revision <= revision }
  }

  /// Its connection may be gone, or may have waited long enough.
  private func deliver(_ reply: APIOrder.Reply, at now: Moment) {
    guard let client = clients[reply.ticket.descriptor], client.ticket == reply.ticket.number
    else { return }
    client.connection.answer(Router.answer(to: reply.outcome, from: model), model, at: now)
    lws_callback_on_writable(client.socket)
  }
}
