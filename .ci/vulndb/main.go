// Command vulndb finds a database of known Go vulnerabilities for govulncheck
// and prints its address.
//
//	vulndb DIR
//
// That is the public one if it answers. If not, the same reports are taken from
// the module golang.org/x/vulndb, which the module proxy serves, and a database
// as go.dev/security/vuln/database describes it is made of them in DIR.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"time"
)

const (
	public = "https://vuln.go.dev"
	module = "golang.org/x/vulndb@latest"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: vulndb DIR")
		os.Exit(64)
	}
	err := answers(public + "/index/db.json")
	if err == nil {
		fmt.Println(public)
		return
	}
	fmt.Fprintf(os.Stderr, "vulndb: %s does not answer (%v): its reports are taken from %s\n", public, err, module)
	dir, err := filepath.Abs(os.Args[1])
	if err == nil {
		err = build(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "vulndb:", err)
		os.Exit(1)
	}
	fmt.Println("file://" + filepath.ToSlash(dir))
}

func answers(url string) error {
	client := http.Client{Timeout: 10 * time.Second}
	r, err := client.Get(url)
	if err != nil {
		return err
	}
	defer r.Body.Close()
	if r.StatusCode != http.StatusOK {
		return fmt.Errorf("status %s", r.Status)
	}
	_, err = io.Copy(io.Discard, r.Body)
	return err
}

// report is as much of a report, in the OSV format, as the indexes are about.
type report struct {
	ID       string    `json:"id"`
	Modified time.Time `json:"modified"`
	Aliases  []string  `json:"aliases,omitempty"`
	Affected []struct {
		Package struct{ Name string }
	} `json:"affected"`
}

// The entries of index/vulns.json and index/modules.json.
type (
	vuln struct {
		ID       string    `json:"id"`
		Modified time.Time `json:"modified"`
		Aliases  []string  `json:"aliases,omitempty"`
	}
	affected struct {
		Path  string `json:"path"`
		Vulns []vuln `json:"vulns"`
	}
)

func build(dir string) error {
	reports, version, err := download()
	if err != nil {
		return err
	}
	files, err := filepath.Glob(filepath.Join(reports, "data", "osv", "*.json"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("%s has no reports in data/osv", version)
	}
	for _, sub := range []string{"ID", "index"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	var all []vuln
	modules := map[string][]vuln{}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		var r report
		if err := json.Unmarshal(b, &r); err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if r.ID == "" || r.ID+".json" != filepath.Base(file) {
			return fmt.Errorf("%s is report %q", file, r.ID)
		}
		if err := os.WriteFile(filepath.Join(dir, "ID", r.ID+".json"), b, 0o644); err != nil {
			return err
		}
		all = append(all, vuln{r.ID, r.Modified, r.Aliases})
		for _, a := range r.Affected {
			in := modules[a.Package.Name]
			if n := len(in); n == 0 || in[n-1].ID != r.ID {
				modules[a.Package.Name] = append(in, vuln{ID: r.ID, Modified: r.Modified})
			}
		}
	}
	var byModule []affected
	for path, vulns := range modules {
		byModule = append(byModule, affected{path, vulns})
	}
	sort.Slice(byModule, func(i, j int) bool { return byModule[i].Path < byModule[j].Path })
	for name, v := range map[string]any{"db": map[string]time.Time{"modified": time.Now()}, "vulns": all, "modules": byModule} {
		b, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, "index", name+".json"), b, 0o644); err != nil {
			return err
		}
	}
	fmt.Fprintf(os.Stderr, "vulndb: %d reports of %s\n", len(all), version)
	return nil
}

// download is where the module's files are, and its name and version.
func download() (dir, version string, err error) {
	cmd := exec.Command("go", "mod", "download", "-json", module)
	cmd.Dir = os.TempDir() // no module of its own to be changed
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOWORK=off")
	out, err := cmd.Output() // errors are in it too
	var m struct{ Path, Version, Dir, Error string }
	if jerr := json.Unmarshal(out, &m); jerr == nil && m.Error != "" {
		return "", "", fmt.Errorf("download %s: %s", module, strings.TrimSpace(m.Error))
	}
	if err != nil {
		return "", "", fmt.Errorf("download %s: %w", module, err)
	}
	return m.Dir, m.Path + "@" + m.Version, nil
}
