package meta

// skip reads one value of any type, at most maxDepth deep. What is open is on a
// stack of its own, for the text is a stranger's and must not choose how much
// of ours is used.
func (s *scanner) skip() error {
	var open [maxDepth]byte // the closing brackets that are due
	depth := 0
	for {
		c, err := s.next()
		if err != nil {
			return err
		}
		if c == '{' || c == '[' {
			if depth == maxDepth {
				return s.wrong("nested deeper than %d", maxDepth)
			}
			s.i++
			closing := byte(']')
			if c == '{' {
				closing = '}'
			}
			if got, err := s.next(); err != nil {
				return err
			} else if got != closing {
				open[depth] = closing
				depth++
				if err := s.name(closing); err != nil {
					return err
				}
				continue
			}
			s.i++ // empty
		} else if err := s.scalar(c); err != nil {
			return err
		}
		// A value has ended, and perhaps with it what it was in.
		for {
			if depth == 0 {
				return nil
			}
			c, err := s.next()
			if err != nil {
				return err
			}
			if c == ',' {
				s.i++
				if err := s.name(open[depth-1]); err != nil {
					return err
				}
				break
			}
			if err := s.take(open[depth-1]); err != nil {
				return err
			}
			depth--
		}
	}
}

// name reads the name of a member and its colon, in an object.
func (s *scanner) name(closing byte) error {
	if closing != '}' {
		return nil
	}
	if _, err := s.str(); err != nil {
		return err
	}
	return s.take(':')
}

// scalar reads a value that begins with c and has no parts.
func (s *scanner) scalar(c byte) error {
	switch c {
	case '"':
		_, err := s.str()
		return err
	case 't':
		return s.word("true")
	case 'f':
		return s.word("false")
	case 'n':
		return s.word("null")
	case '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		return s.number()
	}
	return s.wrong("%q where a value is due", c)
}
