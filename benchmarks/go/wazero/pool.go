package main

import "sync"

// pool hands out the instance that came back last: a lock, a condition and a stack.
type pool struct {
	lock     sync.Mutex
	returned *sync.Cond
	idle     []*instance
}

func newPool() *pool {
	p := &pool{}
	p.returned = sync.NewCond(&p.lock)
	return p
}

// take waits until an instance is idle.
func (p *pool) take() *instance {
	p.lock.Lock()
	defer p.lock.Unlock()
	for len(p.idle) == 0 {
		p.returned.Wait()
	}
	last := len(p.idle) - 1
	taken := p.idle[last]
	p.idle = p.idle[:last]
	return taken
}

func (p *pool) give(instance *instance) {
	p.lock.Lock()
	p.idle = append(p.idle, instance)
	p.lock.Unlock()
	p.returned.Signal()
}
