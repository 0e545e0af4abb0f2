/// Values in order, mostly just one, which needs no place of its own then.
enum Few<Element> {
  case one(Element)
  case many([Element])
}

extension Few: RandomAccessCollection, MutableCollection, RangeReplaceableCollection {
  init() {
    self = .many([])
  }

  var startIndex: Int { 0 }

  var endIndex: Int {
    switch self {
    case .one: 1
    case .many(let elements): elements.count
    }
  }

  subscript(position: Int) -> Element {
    get {
      switch self {
      case .one(let element):
        precondition(position == 0, "there is one value")
        return element
      case .many(let elements): return elements[position]
      }
    }
    set {
      switch self {
      case .one:
        precondition(position == 0, "there is one value")
        self = .one(newValue)
      case .many(var elements):
        // Held once while it changes, or all of it would be copied.
        self = .many([])
        elements[position] = newValue
        self = .many(elements)
      }
    }
  }

  mutating func replaceSubrange(_ range: Range<Int>, with new: some Collection<Element>) {
    var elements = Array(self)
    elements.replaceSubrange(range, with: new)
    self = elements.count == 1 ? .one(elements[0]) : .many(elements)
  }
}

extension Few: Sendable where Element: Sendable {}
